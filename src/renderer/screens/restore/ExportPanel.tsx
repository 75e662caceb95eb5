import { Button, Group, NumberInput, Progress, ScrollArea, Select, Slider, Stack, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Batch } from '../../../shared/contract/restore.ts';
import type { ExportSettings } from '../../../shared/restore.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { StateBadge } from '../../components/States.tsx';
import { useSelection } from './selection.tsx';

const formats = ['same', 'png', 'jpeg', 'tiff', 'webp', 'avif'] as const;
const conflicts = ['unique', 'skip', 'overwrite', 'changed'] as const;
const strips = ['none', 'gps', 'all'] as const;

/** Which model, how strongly, where to and how; and how far the batch is. */
export function ExportPanel() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const models = useCall('models.list', {});
  const start = useAction('batches.start', ['batches.list']);
  const batches = useCall('batches.list', {});
  const batch = batches.data?.find((candidate) => candidate.id === selection.batch);
  const { options, out, model } = selection;
  const set = (changed: Partial<ExportSettings>) => change({ options: { ...options, ...changed } });
  const pictures = selection.marked.size > 0 ? selection.pictures.filter((picture) => selection.marked.has(picture.id)) : selection.pictures;
  const choices = <Value extends string>(key: string, values: readonly Value[]) => values.map((value) => ({ value, label: t(`export.${key}.${value}`) }));

  const begin = (): void => {
    if (!model || !out) return;
    start.mutate({ pictures: pictures.map((picture) => picture.id), models: [model], effect: { strength: selection.strength }, out: out.id, options }, { onSuccess: (made) => change({ batch: made.id }) });
  };

  return (
    <ScrollArea className="panel" w={300} style={{ borderLeft: '1px solid var(--line)', flexShrink: 0 }}>
      <Stack gap="md" p="md" component="aside" aria-label={t('export.title')}>
        <Select
          label={t('export.model')}
          placeholder={models.data?.length === 0 ? t('export.noModel') : t('export.chooseModel')}
          data={models.data?.map((entry) => ({ value: entry.id, label: entry.title })) ?? []}
          value={model ?? null}
          onChange={(value) => change({ model: value ?? undefined })}
        />
        <div>
          <Text size="sm" fw={500}>
            {t('export.strength', { percent: Math.round(selection.strength * 100) })}
          </Text>
          <Slider thumbLabel={t('export.strengthLabel')} min={0} max={100} label={null} value={Math.round(selection.strength * 100)} onChange={(percent) => change({ strength: percent / 100 })} />
        </div>
        <div>
          <Text size="sm" fw={500} mb={4}>
            {t('export.folder')}
          </Text>
          <Group gap="xs" wrap="nowrap">
            <Text size="xs" c="dimmed" flex={1} truncate title={out?.path}>
              {out?.path ?? t('export.noFolder')}
            </Text>
            <ChoosePlace wanted="folder" label={t('export.chooseFolder')} onChoose={([place]) => change({ out: place })} />
          </Group>
        </div>
        <Group grow align="flex-start">
          <Select label={t('export.formatLabel')} data={choices('format', formats)} value={options.format} allowDeselect={false} onChange={(value) => value && set({ format: value })} />
          <NumberInput label={t('export.quality')} min={1} max={100} value={options.quality} onChange={(value) => typeof value === 'number' && set({ quality: value })} />
        </Group>
        <TextInput label={t('export.template')} description={t('export.templateHint')} value={options.template} onChange={(event) => set({ template: event.currentTarget.value })} />
        <Select label={t('export.conflictLabel')} data={choices('conflict', conflicts)} value={options.conflict} allowDeselect={false} onChange={(value) => value && set({ conflict: value })} />
        <Select label={t('export.stripLabel')} data={choices('strip', strips)} value={options.strip} allowDeselect={false} onChange={(value) => value && set({ strip: value })} />
        <Button onClick={begin} disabled={!model || !out || pictures.length === 0 || batch?.state === 'running'} loading={start.isPending}>
          {t('export.start', { count: pictures.length })}
        </Button>
        {batch && <BatchProgress batch={batch} />}
      </Stack>
    </ScrollArea>
  );
}

function BatchProgress({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  const pause = useAction('batches.pause');
  const resume = useAction('batches.resume');
  const cancel = useAction('batches.cancel');
  const retry = useAction('batches.retry');
  const settled = batch.done + batch.failed + batch.skipped;
  const ref = { batch: batch.id };
  return (
    <Stack gap="xs" aria-live="polite">
      <Group justify="space-between">
        <StateBadge state={batch.state} />
        <Text size="xs" c="dimmed">
          {t('export.progress', { settled, total: batch.total })}
        </Text>
      </Group>
      <Progress.Root size="sm">
        <Progress.Section value={(100 * batch.done) / batch.total} color="green" aria-label={t('state.done')} />
        <Progress.Section value={(100 * batch.skipped) / batch.total} color="gray" aria-label={t('state.skipped')} />
        <Progress.Section value={(100 * batch.failed) / batch.total} color="red" aria-label={t('state.failed')} />
      </Progress.Root>
      {batch.reason && <Text size="xs">{batch.reason}</Text>}
      {batch.secondsLeft !== undefined && batch.state === 'running' && (
        <Text size="xs" c="dimmed">
          {t('common.left', { minutes: Math.ceil(batch.secondsLeft / 60) })}
        </Text>
      )}
      <Group gap="xs">
        {batch.state === 'running' && (
          <Button size="xs" variant="default" onClick={() => pause.mutate(ref)}>
            {t('action.pause')}
          </Button>
        )}
        {(batch.state === 'paused' || batch.state === 'interrupted' || batch.state === 'stopped') && (
          <Button size="xs" variant="default" onClick={() => resume.mutate(ref)}>
            {t('action.resume')}
          </Button>
        )}
        {(batch.state === 'running' || batch.state === 'paused' || batch.state === 'queued') && (
          <Button size="xs" variant="default" onClick={() => cancel.mutate(ref)}>
            {t('common.cancel')}
          </Button>
        )}
        {batch.failed > 0 && batch.state !== 'running' && (
          <Button size="xs" variant="default" onClick={() => retry.mutate(ref)}>
            {t('action.retry', { count: batch.failed })}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
