import { Group, Input, NumberInput, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSettings } from './useSettings.ts';

/** Limits on the resources of trainings and restoring; an empty field leaves the choice to the program. */
export function Computing({ cores }: { cores: number | undefined }) {
  const { t } = useTranslation();
  const { settings, change } = useSettings();
  if (!settings) return null;
  return (
    <Stack gap="sm">
      <Group gap="xl" align="flex-start">
        <Stack gap={0}>
          <Input.Label labelElement="div" id="device-label">
            {t('settings.device')}
          </Input.Label>
          <SegmentedControl
            aria-labelledby="device-label"
            data={(['auto', 'cpu'] as const).map((value) => ({ value, label: t(`settings.devices.${value}`) }))}
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
      <Text size="xs" c="dimmed">
        {t('settings.computingText')}
      </Text>
    </Stack>
  );
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
