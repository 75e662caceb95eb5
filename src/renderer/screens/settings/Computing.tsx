import { Group, Input, NumberInput, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TFunction } from 'i18next';
import type { CallOutput } from '../../../shared/contract.ts';
import { useCall } from '../../api/hooks.ts';
import { useSettings } from './useSettings.ts';

/** Limits on the resources of trainings and restoring; an empty field leaves the choice to the program. */
export function Computing({ cores }: { cores: number | undefined }) {
  const { t } = useTranslation();
  const { settings, change } = useSettings();
  const found = useCall('app.devices', {});
  if (!settings) return null;
  const { devices = ['auto', 'cpu'], measured = [] } = found.data ?? {};
  const choices = devices.includes(settings.device) ? devices : [...devices, settings.device];
  return (
    <Stack gap="sm">
      <Group gap="xl" align="flex-start">
        <Stack gap={0}>
          <Input.Label labelElement="div" id="device-label">
            {t('settings.device')}
          </Input.Label>
          <SegmentedControl
            aria-labelledby="device-label"
            data={choices.map((value) => ({ value, label: t(`settings.devices.${value}`) }))}
            value={settings.device}
            onChange={(device) => change({ device })}
          />
        </Stack>
        <WholeNumber
          label={t('settings.threads')}
          placeholder={cores === undefined ? '' : t('settings.allCores', { count: cores })}
          value={settings.threads}
          min={1}
          max={1024}
          onChange={(threads) => change({ threads })}
        />
        <WholeNumber
          label={t('settings.tileMemory')}
          placeholder={t('settings.automatic')}
          value={settings.tileMemory}
          min={64}
          max={262_144}
          step={64}
          onChange={(tileMemory) => change({ tileMemory })}
        />
      </Group>
      {measured.map((model) => (
        <Text key={model.title} size="xs">
          {measuredText(model, t)}
        </Text>
      ))}
      <Text size="xs" c="dimmed">
        {t('settings.computingText')}
      </Text>
    </Stack>
  );
}

type MeasuredSpeed = CallOutput<'app.devices'>['measured'][number];

/** What was measured with a model, e.g. "IMDN: 1 megapixel takes 0.4 s on the GPU and 9.0 s on the processor". */
function measuredText({ title, gpu, processor }: MeasuredSpeed, t: TFunction): string {
  const inWords = (seconds: number): string => seconds.toFixed(seconds < 10 ? 1 : 0);
  if (gpu !== undefined && processor !== undefined)
    return t('settings.measuredBoth', { title, gpu: inWords(gpu), processor: inWords(processor) });
  return gpu !== undefined
    ? t('settings.measuredGpu', { title, gpu: inWords(gpu) })
    : t('settings.measuredProcessor', { title, processor: inWords(processor ?? 0) });
}

/** A number that is saved when the field loses the focus; null if it was emptied. */
function WholeNumber({
  value,
  onChange,
  ...input
}: {
  label: string;
  placeholder: string;
  value: number | null;
  min: number;
  max: number;
  step?: number;
  onChange: (value: number | null) => void;
}) {
  const [typed, setTyped] = useState<number | string>(value ?? '');
  return (
    <NumberInput
      {...input}
      w={200}
      allowDecimal={false}
      clampBehavior="blur"
      value={typed}
      onChange={setTyped}
      onBlur={() => onChange(typed === '' ? null : Math.min(input.max, Math.max(input.min, Number(typed))))}
    />
  );
}
