import { Checkbox, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ExportSettings } from '../../../shared/batches.ts';
import { useSelection } from './selection.tsx';
import { useExampleName } from './useExampleName.ts';

const formats = ['same', 'png', 'jpeg', 'tiff', 'webp', 'avif', 'jxl'] as const;
const conflicts = ['unique', 'skip', 'overwrite', 'changed'] as const;
const strips = ['none', 'gps', 'all'] as const;
/** Formats that are lossy or can be. */
const withQuality = ['same', 'jpeg', 'webp', 'avif', 'jxl'];

/** File names, format and metadata of the results. */
export function ExportSection() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const { options } = selection;
  const set = (changed: Partial<ExportSettings>) => change({ options: { ...options, ...changed } });
  const choices = <Value extends string>(key: string, values: readonly Value[]) =>
    values.map((value) => ({ value, label: t(`export.${key}.${value}`) }));
  const example = useExampleName();

  return (
    <Stack gap="sm">
      <Group grow align="flex-start" gap="xs">
        <Select
          size="xs"
          label={t('export.formatLabel')}
          data={choices('format', formats)}
          value={options.format}
          allowDeselect={false}
          onChange={(value) => value && set({ format: value })}
        />
        <NumberInput
          size="xs"
          label={t('export.quality')}
          min={1}
          max={100}
          disabled={!withQuality.includes(options.format)}
          value={options.quality}
          onChange={(value) => typeof value === 'number' && set({ quality: value })}
        />
      </Group>
      <TextInput
        size="xs"
        label={t('export.template')}
        description={t('export.templateHint')}
        value={options.template}
        maxLength={200}
        error={example.error?.message}
        onChange={(event) => set({ template: event.currentTarget.value })}
      />
      {example.data && !example.error && (
        <Text size="xs" c="dimmed" className="path" aria-live="polite">
          {t('export.example', { name: example.data.name })}
        </Text>
      )}
      <Select
        size="xs"
        label={t('export.conflictLabel')}
        data={choices('conflict', conflicts)}
        value={options.conflict}
        allowDeselect={false}
        onChange={(value) => value && set({ conflict: value })}
      />
      <Select
        size="xs"
        label={t('export.stripLabel')}
        data={choices('strip', strips)}
        value={options.strip}
        allowDeselect={false}
        onChange={(value) => value && set({ strip: value })}
      />
      <Checkbox
        size="xs"
        label={t('export.provenance')}
        checked={options.provenance && options.strip !== 'all'}
        disabled={options.strip === 'all'}
        onChange={(event) => set({ provenance: event.currentTarget.checked })}
      />
    </Stack>
  );
}
