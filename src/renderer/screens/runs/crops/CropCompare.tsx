import { Alert, Button, Group, Paper, SegmentedControl, Select, Slider, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run, SharedCrop } from '../../../../shared/contract/training.ts';
import { useCall } from '../../../api/hooks.ts';
import { Loaded } from '../../../components/States.tsx';
import { useZoom } from '../../../components/useZoom.ts';
import { allSteps, columnsOf, type Pin } from './columns.ts';
import { columnTitle, CropGrid, CropSlider } from './CropStages.tsx';
import { gradient } from './errorMap.ts';

/** Differences that are shown in the brightest colour of the error map, as shares of the value range. */
const scales = [0.05, 0.1, 0.25];

/** The same crop of the same picture across runs and validations: choose once, see it everywhere. */
export function CropCompare({ runs, yChannel }: { runs: Run[]; yChannel: boolean }) {
  const { t } = useTranslation();
  const crops = useCall('runs.crops', { runs: runs.map(({ id }) => id) });
  const [chosen, setChosen] = useState<string>();
  return (
    <Paper withBorder p="sm" className="panel">
      <Loaded query={crops}>
        {(list) => {
          const at = Math.max(
            0,
            list.findIndex((crop) => idOf(crop) === chosen),
          );
          const crop = list[at];
          if (!crop) return <Text c="dimmed">{t('crops.none')}</Text>;
          const picker = (
            <Select
              size="xs"
              w={250}
              aria-label={t('runs.picture')}
              data={list.map((candidate) => ({
                value: idOf(candidate),
                label:
                  runs.length > 1
                    ? t('crops.ofRuns', { name: candidate.name, count: candidate.runs.length, all: runs.length })
                    : candidate.name,
              }))}
              value={idOf(crop)}
              allowDeselect={false}
              onChange={(value) => value && setChosen(value)}
            />
          );
          return <CropView key={idOf(crop)} crop={crop} runs={runs} yChannel={yChannel} picker={picker} />;
        }}
      </Loaded>
    </Paper>
  );
}

const idOf = (crop: SharedCrop): string => `${crop.name} ${crop.target}`;

function CropView({
  crop,
  runs,
  yChannel,
  picker,
}: {
  crop: SharedCrop;
  runs: Run[];
  yChannel: boolean;
  picker: React.ReactNode;
}) {
  const { t } = useTranslation();
  const [layout, setLayout] = useState('side');
  const [error, setError] = useState(0.1);
  const [best, setBest] = useState(false);
  const [index, setIndex] = useState<number>();
  const [pins, setPins] = useState<Pin[]>([]);
  const [sides, setSides] = useState<{ left?: string; right?: string }>({});
  const zoom = useZoom(crop);
  const steps = allSteps(crop);
  const at = Math.min(index ?? steps.length - 1, steps.length - 1);
  const columns = columnsOf(crop, runs, best ? undefined : steps[at], pins);
  // Two runs are compared with each other; a single run is compared with its input.
  const [first, second] = crop.runs.length > 1 ? columns.slice(1) : columns;
  const left = columns.find(({ key }) => key === sides.left) ?? first;
  const right = columns.find(({ key }) => key === sides.right) ?? second;
  const errors = layout === 'errors' ? error : undefined;
  const missing = runs.filter(({ id }) => !crop.runs.some(({ run }) => run === id));
  const pin = (wanted: Pin): void => {
    const same = (other: Pin): boolean => other.run === wanted.run && other.step === wanted.step;
    setPins(pins.some(same) ? pins.filter((other) => !same(other)) : [...pins, wanted]);
  };
  // The large stage and the small ones show different parts at the same zoom.
  const changeLayout = (next: string): void => {
    if ((next === 'slider') !== (layout === 'slider')) zoom.fit();
    setLayout(next);
  };
  const names = columns.map((column) => ({ value: column.key, label: columnTitle(t, column) }));

  return (
    <Stack gap="sm">
      <Group gap="sm" wrap="wrap">
        {picker}
        <SegmentedControl
          size="xs"
          aria-label={t('compare.layout')}
          value={layout}
          onChange={changeLayout}
          data={(['side', 'slider', 'errors'] as const).map((value) => ({ value, label: t(`crops.layout.${value}`) }))}
        />
        <Group gap={4}>
          <Button size="compact-xs" variant="default" onClick={zoom.fit}>
            {t('compare.fit')}
          </Button>
          {[1, 2, 4].map((factor) => (
            <Button key={factor} size="compact-xs" variant="default" onClick={() => zoom.to(factor)}>
              {factor}:1
            </Button>
          ))}
        </Group>
        {layout === 'errors' && (
          <Group gap="xs" wrap="nowrap">
            <Text size="xs">0</Text>
            <div aria-hidden style={{ width: 90, height: 10, background: gradient }} />
            <Select
              size="xs"
              w={84}
              aria-label={t('crops.errorScale')}
              data={scales.map((value) => ({ value: String(value), label: `${100 * value} %` }))}
              value={String(error)}
              allowDeselect={false}
              onChange={(value) => setError(Number(value))}
            />
          </Group>
        )}
        {layout === 'slider' && (
          <Group gap="xs" wrap="nowrap">
            <Select
              size="xs"
              w={200}
              aria-label={t('crops.left')}
              data={names}
              value={left?.key ?? null}
              allowDeselect={false}
              onChange={(key) => key && setSides({ ...sides, left: key })}
            />
            <Select
              size="xs"
              w={200}
              aria-label={t('crops.right')}
              data={names}
              value={right?.key ?? null}
              allowDeselect={false}
              onChange={(key) => key && setSides({ ...sides, right: key })}
            />
          </Group>
        )}
      </Group>
      <Group gap="md" wrap="nowrap">
        <Text size="xs" style={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }} w={92}>
          {best ? t('crops.best') : t('crops.step', { step: steps[at] ?? 0 })}
        </Text>
        <Slider
          flex={1}
          size="sm"
          thumbLabel={t('runs.validationStep')}
          min={0}
          max={Math.max(1, steps.length - 1)}
          value={at}
          label={(value) => steps[value]}
          onChange={setIndex}
          disabled={best || steps.length < 2}
        />
        <Switch
          size="xs"
          label={t('crops.best')}
          checked={best}
          onChange={(event) => setBest(event.currentTarget.checked)}
        />
      </Group>
      {missing.length > 0 && (
        <Alert color="gray" p="xs">
          {t('crops.missing', { runs: missing.map(({ name }) => name).join(', ') })}
        </Alert>
      )}
      {!crop.sameInput && (
        <Alert color="yellow" p="xs">
          {t('crops.otherInput')}
        </Alert>
      )}
      {layout === 'slider' && left && right ? (
        <CropSlider crop={crop} zoom={zoom} left={left} right={right} />
      ) : (
        <CropGrid
          crop={crop}
          columns={columns}
          zoom={zoom}
          errors={errors}
          pins={pins}
          onPin={pin}
          yChannel={yChannel}
        />
      )}
      <Text size="xs" c="dimmed">
        {t(yChannel ? 'crops.measuredY' : 'crops.measuredRgb')}
      </Text>
    </Stack>
  );
}
