import { Group, Input, SegmentedControl, Select, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { languages, type Language } from '../../i18n/index.ts';
import { useSettings } from './useSettings.ts';

export function Appearance() {
  const { t, i18n } = useTranslation();
  const { settings, change } = useSettings();
  return (
    <Group gap="xl" align="flex-start">
      <Stack gap={0}>
        <Input.Label labelElement="div" id="theme-label">
          {t('settings.theme')}
        </Input.Label>
        <SegmentedControl
          aria-labelledby="theme-label"
          data={(['dark', 'light', 'system'] as const).map((value) => ({
            value,
            label: t(`settings.themes.${value}`),
          }))}
          value={settings?.theme ?? 'dark'}
          onChange={(theme) => change({ theme })}
        />
      </Stack>
      <Select
        label={t('settings.language')}
        w={220}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
        value={settings?.language ?? i18n.language}
        allowDeselect={false}
        onChange={(language) => language && change({ language: language as Language })}
      />
    </Group>
  );
}
