import { Button, Group, Paper, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dataset } from '../../../shared/contract/datasets.ts';
import type { DegradationStep } from '../../../shared/runConfig.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { SchemaForm } from '../../components/SchemaForm.tsx';
import { useTold } from '../../i18n/told.ts';
import { PatchPreview } from './PatchPreview.tsx';

/** How inputs are made from clean pictures: a chain of degradations with their forms, and a preview. */
export function DegradationEditor({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation();
  const told = useTold();
  const registry = useCall('registry.degradations', {});
  const [steps, setSteps] = useState<DegradationStep[]>(dataset.degradations);
  const save = useAction('datasets.change', ['datasets.list']);
  const replace = (index: number, step: DegradationStep) =>
    setSteps(steps.map((old, at) => (at === index ? step : old)));

  return (
    <Group align="flex-start" wrap="nowrap" gap="lg">
      <Stack w={300} gap="sm" style={{ flexShrink: 0 }}>
        <Text fw={600}>{t('datasets.degradations')}</Text>
        {steps.map((step, index) => {
          const kind = registry.data?.find(({ id }) => id === step.type);
          return (
            <Paper key={index} withBorder p="sm" className="panel">
              <Stack gap="sm">
                <Select
                  size="xs"
                  aria-label={t('datasets.degradation', { number: index + 1 })}
                  data={registry.data?.map(({ id, title }) => ({ value: id, label: told(title) })) ?? []}
                  value={step.type}
                  allowDeselect={false}
                  onChange={(type) => type && replace(index, { type })}
                />
                {kind && (
                  <Text size="xs" c="dimmed">
                    {told(kind.description)}
                  </Text>
                )}
                {kind && (
                  <SchemaForm
                    schema={kind.schema}
                    values={step}
                    onChange={(values) => replace(index, { ...values, type: step.type })}
                  />
                )}
                {steps.length > 1 && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="gray"
                    onClick={() => setSteps(steps.filter((_, at) => at !== index))}
                  >
                    {t('datasets.removeStep')}
                  </Button>
                )}
              </Stack>
            </Paper>
          );
        })}
        <Group grow>
          <Button size="xs" variant="default" onClick={() => setSteps([...steps, { type: 'gaussian-noise' }])}>
            {t('datasets.addStep')}
          </Button>
          <Button
            size="xs"
            disabled={steps === dataset.degradations}
            loading={save.isPending}
            onClick={() => save.mutate({ dataset: dataset.id, degradations: steps })}
          >
            {t('common.save')}
          </Button>
        </Group>
      </Stack>
      <PatchPreview dataset={dataset.id} degradations={steps} />
    </Group>
  );
}
