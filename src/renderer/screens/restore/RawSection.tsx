import { Select, Slider, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { rawSettings, type RawSettings } from '../../../shared/batches.ts';
import { useSelection } from './selection.tsx';

const balances = ['camera', 'auto'] as const;
const highlights = ['clip', 'blend', 'rebuild'] as const;
/** Limits in stops, as the service accepts them. */
const exposure = { min: -2, max: 3, step: 0.25 };

/** How RAW files are developed: white balance, exposure and highlights. For more control, use a RAW developer first. */
export function RawSection() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const { recipe } = selection;
  const raw = recipe.raw ?? rawSettings.parse({});
  const set = (changed: Partial<RawSettings>): void => change({ recipe: { ...recipe, raw: { ...raw, ...changed } } });
  return (
    <Stack gap="md">
      <Select
        size="xs"
        label={t('raw.whiteBalance')}
        data={balances.map((value) => ({ value, label: t(`raw.balance.${value}`) }))}
        value={raw.whiteBalance}
        allowDeselect={false}
        onChange={(value) => value && set({ whiteBalance: value })}
      />
      <div>
        <Text size="xs" fw={600}>
          {t('raw.exposure', { stops: `${raw.exposure > 0 ? '+' : ''}${raw.exposure}` })}
        </Text>
        <Slider
          size="sm"
          thumbLabel={t('raw.exposureLabel')}
          {...exposure}
          label={null}
          value={raw.exposure}
          onChange={(stops) => set({ exposure: stops })}
        />
      </div>
      <Select
        size="xs"
        label={t('raw.highlights')}
        data={highlights.map((value) => ({ value, label: t(`raw.highlight.${value}`) }))}
        value={raw.highlights}
        allowDeselect={false}
        onChange={(value) => value && set({ highlights: value })}
      />
    </Stack>
  );
}
