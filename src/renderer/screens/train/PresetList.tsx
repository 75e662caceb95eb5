import { Badge, Card, Group, Loader, ScrollArea, Select, SimpleGrid, Stack, Text, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Preset } from '../../../shared/contract/training.ts';
import type { RunConfig } from '../../../shared/runConfig.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { useTold } from '../../i18n/told.ts';
import { go } from '../../route.ts';

/** The preset of the guided sample; its pictures are part of the program. */
const sampleId = 'sample';

export function PresetList({ presets, onChoose }: { presets: Preset[]; onChoose: (config: RunConfig) => void }) {
  const { t } = useTranslation();
  const told = useTold();
  const sample = useAction('app.sample');
  const ordered = [...presets].sort((a, b) => Number(b.id === sampleId) - Number(a.id === sampleId));
  const choose = (preset: Preset): void => {
    if (preset.id !== sampleId) onChoose({ ...preset.config, name: told(preset.title) });
    else sample.mutate({}, { onSuccess: ({ config }) => onChoose({ ...config, name: t('train.sampleTitle') }) });
  };
  return (
    <ScrollArea flex={1}>
      <OtherStarts />
      <SimpleGrid cols={{ base: 2, xl: 3 }} p="lg" pt="xs" spacing="md">
        {ordered.map((preset) => (
          <UnstyledButton
            key={preset.id}
            onClick={() => choose(preset)}
            disabled={sample.isPending}
            style={{ height: '100%' }}
          >
            <Card className="panel" withBorder h="100%">
              <Stack gap="xs">
                <Group justify="space-between">
                  <Text fw={600}>{preset.id === sampleId ? t('train.sampleTitle') : told(preset.title)}</Text>
                  {preset.id === sampleId && sample.isPending && (
                    <Loader size="xs" role="status" aria-label={t('common.loading')} />
                  )}
                </Group>
                <Text size="sm" c="dimmed">
                  {preset.id === sampleId ? t('train.sampleText') : told(preset.description)}
                </Text>
                <Group gap="xs">
                  <Badge variant="default" tt="none">
                    {preset.config.network.type}
                  </Badge>
                  <Badge variant="default" tt="none">
                    {t('train.stepCount', { count: preset.config.steps })}
                  </Badge>
                  <Badge variant="default" tt="none">
                    {preset.config.mcir
                      ? t('train.withNegatives', { count: preset.config.mcir.negatives.length })
                      : t('train.withoutMcir')}
                  </Badge>
                </Group>
              </Stack>
            </Card>
          </UnstyledButton>
        ))}
      </SimpleGrid>
    </ScrollArea>
  );
}

/**
 * Other ways to start: from the weights of a model, which is what the method was made for, or with the settings of an
 * earlier run.
 */
function OtherStarts() {
  const { t } = useTranslation();
  const models = useCall('models.list', {});
  const runs = useCall('runs.list', {});
  const trainable = models.data?.filter(({ network }) => network !== 'graph') ?? [];
  return (
    <SimpleGrid cols={2} px="lg" pt="md" spacing="md" style={{ alignItems: 'end' }}>
      <Select
        label={t('train.retrainModel')}
        description={t('train.retrainText')}
        placeholder={t(trainable.length > 0 ? 'train.chooseModel' : 'train.noModel')}
        disabled={trainable.length === 0}
        searchable
        data={trainable.map(({ id, title, run }) => ({
          value: id,
          label: run === undefined ? title : t('train.fromRun', { name: title, run }),
        }))}
        value={null}
        onChange={(id) => id && go('train', `model:${id}`)}
      />
      <Select
        label={t('train.likeRun')}
        description={t('train.likeRunText')}
        placeholder={t(runs.data?.length ? 'train.chooseRun' : 'train.noRun')}
        disabled={!runs.data?.length}
        searchable
        data={runs.data?.map(({ id, name }) => ({ value: id, label: `${name} (${id})` })) ?? []}
        value={null}
        onChange={(id) => id && go('train', `run:${id}`)}
      />
    </SimpleGrid>
  );
}
