import { Anchor, Button, Stack, Table, Text } from '@mantine/core';
import { titleOf } from '../../components/titleOf.ts';
import { useTranslation } from 'react-i18next';
import type { ModelEntry } from '../../../shared/contract/models.ts';
import { date } from '../../../shared/dates.ts';
import { useTold } from '../../i18n/told.ts';
import { go, href } from '../../route.ts';
import { usingModel, useSelection } from '../restore/selection.tsx';

/** All available models, with what they do and where they come from. */
export function ModelTable({ models }: { models: readonly ModelEntry[] }) {
  const { t } = useTranslation();
  const told = useTold();
  const { change } = useSelection();
  return (
    <Table className="panel card" verticalSpacing="sm" horizontalSpacing="md" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('models.column.title')}</Table.Th>
          <Table.Th>{t('models.column.network')}</Table.Th>
          <Table.Th>{t('models.column.origin')}</Table.Th>
          <Table.Th>
            <span className="unseen">{t('models.use')}</span>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {models.map((model) => (
          <Table.Tr key={model.id}>
            <Table.Td>
              <Stack gap={0}>
                <Anchor href={href('models', model.id)} fw={600} size="sm" c="var(--mantine-color-text)">
                  {titleOf(model, told)}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {told(model.description)}
                </Text>
              </Stack>
            </Table.Td>
            <Table.Td style={{ whiteSpace: 'nowrap' }}>
              <Text size="sm">
                {[told(model.network), model.scale > 1 && `× ${model.scale}`].filter(Boolean).join(' ')}
              </Text>
              <Text size="xs" c="dimmed">
                {[
                  model.parameters !== undefined && t('models.parameters', { count: model.parameters }),
                  model.psnr !== undefined && `${model.psnr.toFixed(2)} dB`,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
            </Table.Td>
            <Table.Td>
              {model.run ? (
                <Anchor href={href('runs', model.run)} size="sm">
                  {t('models.ofRun', { run: model.run })}
                </Anchor>
              ) : (
                <Text size="sm" className="path">
                  {model.source}
                </Text>
              )}
              <Text size="xs" c="dimmed">
                {[date(model.added), model.licence].filter(Boolean).join(' · ')}
              </Text>
            </Table.Td>
            <Table.Td ta="right">
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  change(usingModel(model.id));
                  go('restore');
                }}
              >
                {t('models.use')}
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
