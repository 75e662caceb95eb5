import { Group, NumberInput, Paper, SegmentedControl, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallInput } from '../../../shared/contract.ts';
import type { Dataset } from '../../../shared/contract/datasets.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { Loaded } from '../../components/States.tsx';

/** Most names of validation pictures that are shown. */
const shownNames = 12;

/** Chooses the validation pictures of a data set: a share picked by the seed, or separate folders. */
export function SplitEditor({ dataset, samples }: { dataset: Dataset; samples: number }) {
  const { t } = useTranslation();
  const { validation } = dataset;
  const change = useAction('datasets.change', ['datasets.list', 'datasets.split']);
  const split = useCall('datasets.split', { dataset: dataset.id, seed: 0 });
  const own = validation.target !== undefined;
  const apart = Math.max(1, Math.round(validation.share * samples));
  const set = (changed: Partial<NonNullable<CallInput<'datasets.change'>['validation']>>): void =>
    change.mutate({
      dataset: dataset.id,
      validation: { share: validation.share, count: validation.count, ...changed },
    });

  return (
    <Paper withBorder p="sm" className="panel">
      <Stack gap="sm">
        <Group justify="space-between">
          <Text fw={600}>{t('datasets.split')}</Text>
          {own && (
            <SegmentedControl
              size="xs"
              aria-label={t('datasets.split')}
              value="own"
              onChange={(value) => value === 'share' && set({ folders: 'none' })}
              data={[
                { value: 'share', label: t('datasets.splitShare') },
                { value: 'own', label: t('datasets.splitOwn') },
              ]}
            />
          )}
        </Group>
        {own ? (
          [validation.target, validation.input].map(
            (path) =>
              path !== undefined && (
                <Text key={path} size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                  {path}
                </Text>
              ),
          )
        ) : (
          <Group align="flex-end" gap="sm">
            <NumberInput
              key={`share ${validation.share}`}
              size="xs"
              w={150}
              label={t('datasets.share')}
              suffix=" %"
              min={0.1}
              max={90}
              decimalScale={1}
              defaultValue={Math.round(validation.share * 1000) / 10}
              onBlur={({ currentTarget: { value } }) =>
                commit(value, 0.1, 90, (percent) => set({ share: percent / 100 }))
              }
            />
            <NumberInput
              key={`apart ${apart}`}
              size="xs"
              w={150}
              label={t('datasets.apart')}
              min={1}
              max={Math.max(1, samples - 1)}
              allowDecimal={false}
              defaultValue={apart}
              onBlur={({ currentTarget: { value } }) =>
                commit(
                  value,
                  1,
                  samples - 1,
                  (count) =>
                    count !== apart && set({ share: count / samples, count: Math.max(validation.count, count) }),
                )
              }
            />
            <NumberInput
              key={`count ${validation.count}`}
              size="xs"
              w={150}
              label={t('datasets.measured')}
              min={1}
              allowDecimal={false}
              defaultValue={validation.count}
              onBlur={({ currentTarget: { value } }) => commit(value, 1, Infinity, (count) => set({ count }))}
            />
          </Group>
        )}
        {/* Separate folders are paired in the same way as the data set itself. */}
        <Group gap="sm">
          <ChoosePlace
            wanted="folder"
            label={t(dataset.input === undefined ? 'datasets.ownFolder' : 'datasets.ownTarget')}
            onChoose={([chosen]) => chosen && set({ target: chosen.id })}
          />
          {own && dataset.degradations.length === 0 && <OwnInput dataset={dataset} />}
        </Group>
        <Loaded query={split}>
          {({ train, measured }) => (
            <div>
              <Text size="sm">{t('datasets.splitResult', { train, measured: measured.length })}</Text>
              <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                {measured.slice(0, shownNames).join(', ')}
                {measured.length > shownNames && ` ${t('datasets.more', { count: measured.length - shownNames })}`}
              </Text>
            </div>
          )}
        </Loaded>
        <Text size="xs" c="dimmed">
          {t('datasets.splitText')}
        </Text>
      </Stack>
    </Paper>
  );
}

/** The degraded pictures that belong to separate validation folders. */
function OwnInput({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation();
  const change = useAction('datasets.change', ['datasets.list', 'datasets.split']);
  const { share, count } = dataset.validation;
  return (
    <ChoosePlace
      wanted="folder"
      label={t('datasets.ownInput')}
      onChoose={([chosen]) =>
        chosen && change.mutate({ dataset: dataset.id, validation: { share, count, input: chosen.id } })
      }
    />
  );
}

/** Reports a typed value if it is a number within its range. */
function commit(text: string, low: number, high: number, tell: (value: number) => void): void {
  const value = Number.parseFloat(text);
  if (value >= low && value <= high) tell(value);
}
