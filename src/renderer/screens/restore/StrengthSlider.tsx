import { Group, Slider, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSelection } from './selection.tsx';

/** How much of the effect is used, and whether previews start by themselves. */
export function StrengthSlider() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const percent = Math.round(selection.strength * 100);
  return (
    <>
      <div>
        <Group justify="space-between">
          <Text size="xs" fw={600}>
            {t('export.strength')}
          </Text>
          <Text size="sm" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {percent} %
          </Text>
        </Group>
        <Slider
          size="sm"
          thumbLabel={t('export.strengthLabel')}
          min={0}
          max={100}
          label={null}
          value={percent}
          onChange={(next) => change({ strength: next / 100 })}
        />
      </div>
      <Switch
        size="xs"
        label={t('export.automatic')}
        checked={selection.automatic}
        onChange={(event) => change({ automatic: event.currentTarget.checked })}
      />
    </>
  );
}
