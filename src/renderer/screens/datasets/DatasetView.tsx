import { Accordion, Alert, Badge, Button, Group, List, ScrollArea, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dataset, Inspection } from '../../../shared/contract/datasets.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { Loaded } from '../../components/States.tsx';
import { DegradationEditor } from './DegradationEditor.tsx';
import { PatchPreview } from './PatchPreview.tsx';

/** At most this many names of a long list are shown. */
const shownNames = 200;

export function DatasetView({ dataset, actions }: { dataset: Dataset; actions: ReactNode }) {
  const { t } = useTranslation();
  const inspection = useCall('datasets.inspect', { dataset: dataset.id });
  const remove = useAction('datasets.remove', ['datasets.list']);
  return (
    <ScrollArea flex={1} miw={0}>
      <Stack p="lg" gap="lg">
        <Group justify="space-between" wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <Text fw={600} size="lg">
              {dataset.name}
            </Text>
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
        <Loaded query={inspection}>{(found) => <Findings inspection={found} />}</Loaded>
        {dataset.degradations.length > 0 ? <DegradationEditor dataset={dataset} /> : <PatchPreview dataset={dataset.id} degradations={[]} />}
      </Stack>
    </ScrollArea>
  );
}

function Findings({ inspection }: { inspection: Inspection }) {
  const { t } = useTranslation();
  const { width, height } = inspection;
  const facts: [string, string][] = [
    [t('datasets.samples'), String(inspection.samples)],
    [t('datasets.convention'), inspection.convention ?? t('datasets.cleanOnly')],
    [t('datasets.size'), `${width.median} × ${height.median}`],
    [t('datasets.range'), `${width.smallest} × ${height.smallest} – ${width.largest} × ${height.largest}`],
  ];
  return (
    <Stack gap="md">
      <SimpleGrid cols={4}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text fw={500}>{value}</Text>
          </div>
        ))}
      </SimpleGrid>
      <Group gap="xs">
        {Object.entries(inspection.formats).map(([format, count]) => (
          <Badge key={format} variant="default" tt="none">
            {format}: {count}
          </Badge>
        ))}
      </Group>
      {inspection.unmatched.length + inspection.problems.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('datasets.allFine')}
        </Text>
      ) : (
        <Accordion variant="contained" multiple>
          {inspection.problems.length > 0 && (
            <Accordion.Item value="problems">
              <Accordion.Control>{t('datasets.problems', { count: inspection.problems.length })}</Accordion.Control>
              <Accordion.Panel>
                <Alert color="yellow">{t('datasets.problemsText')}</Alert>
                <Names names={inspection.problems.map(({ reason }) => reason)} />
              </Accordion.Panel>
            </Accordion.Item>
          )}
          {inspection.unmatched.length > 0 && (
            <Accordion.Item value="unmatched">
              <Accordion.Control>{t('datasets.unmatched', { count: inspection.unmatched.length })}</Accordion.Control>
              <Accordion.Panel>
                <Names names={inspection.unmatched} />
              </Accordion.Panel>
            </Accordion.Item>
          )}
        </Accordion>
      )}
    </Stack>
  );
}

function Names({ names }: { names: string[] }) {
  const { t } = useTranslation();
  return (
    <List size="sm" mt="xs">
      {names.slice(0, shownNames).map((name) => (
        <List.Item key={name}>{name}</List.Item>
      ))}
      {names.length > shownNames && <List.Item>{t('datasets.more', { count: names.length - shownNames })}</List.Item>}
    </List>
  );
}
