import { Button, Group, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dataset } from '../../../shared/contract/datasets.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { Loaded } from '../../components/States.tsx';
import { DegradationEditor } from './DegradationEditor.tsx';
import { Findings } from './Findings.tsx';
import { PatchPreview } from './PatchPreview.tsx';
import { SplitEditor } from './SplitEditor.tsx';

/** One data set: its content, its validation split, and how its inputs are made. */
export function DatasetView({ dataset, actions }: { dataset: Dataset; actions: ReactNode }) {
  const { t } = useTranslation();
  const inspection = useCall('datasets.inspect', { dataset: dataset.id });
  const remove = useAction('datasets.remove', ['datasets.list']);
  return (
    <ScrollArea flex={1} miw={0}>
      <Stack p="lg" gap="lg">
        <Group justify="space-between" wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <NameField key={dataset.name} dataset={dataset} />
            {[dataset.target, dataset.input].map((path) => (
              <Text key={path} size="xs" c="dimmed" ff="monospace" truncate>
                {path}
              </Text>
            ))}
          </div>
          <Group gap="xs" wrap="nowrap">
            <Button size="xs" variant="subtle" color="gray" onClick={() => remove.mutate({ dataset: dataset.id })}>
              {t('datasets.remove')}
            </Button>
            {actions}
          </Group>
        </Group>
        <Loaded query={inspection}>
          {(found) => (
            <>
              <Findings dataset={dataset} inspection={found} />
              <SplitEditor dataset={dataset} samples={found.samples} />
            </>
          )}
        </Loaded>
        {dataset.degradations.length > 0 ? (
          <DegradationEditor dataset={dataset} />
        ) : (
          <PatchPreview dataset={dataset.id} degradations={[]} />
        )}
      </Stack>
    </ScrollArea>
  );
}

/** The name, edited in place and saved when the field loses the focus. */
function NameField({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation();
  const change = useAction('datasets.change', ['datasets.list']);
  return (
    <TextInput
      variant="unstyled"
      aria-label={t('datasets.name')}
      defaultValue={dataset.name}
      maxLength={120}
      styles={{ input: { fontWeight: 600, fontSize: 'var(--mantine-font-size-lg)', height: 30, minHeight: 30 } }}
      onBlur={({ currentTarget: { value } }) =>
        value.trim() !== '' && value !== dataset.name && change.mutate({ dataset: dataset.id, name: value.trim() })
      }
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
    />
  );
}
