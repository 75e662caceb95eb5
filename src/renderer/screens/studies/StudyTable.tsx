import { Anchor, ScrollArea, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StudySummary } from '../../../shared/contract/studies.ts';
import { dateTime } from '../../../shared/dates.ts';
import { href } from '../../route.ts';
import { useTold } from '../../i18n/told.ts';
import { StudyBadge } from './StudyBadge.tsx';

/** All studies, the newest first. */
export function StudyTable({ studies }: { studies: readonly StudySummary[] }) {
  const { t } = useTranslation();
  const told = useTold();
  return (
    <ScrollArea flex={1}>
      <Table stickyHeader highlightOnHover highlightOnHoverColor="var(--panel)" className="run-table">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('studies.column.name')}</Table.Th>
            <Table.Th>{t('studies.column.state')}</Table.Th>
            <Table.Th ta="right">{t('studies.column.arms')}</Table.Th>
            <Table.Th ta="right">{t('studies.column.seeds')}</Table.Th>
            <Table.Th ta="right">{t('studies.column.trained')}</Table.Th>
            <Table.Th>{t('studies.column.created')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {studies.map((study) => (
            <Table.Tr key={study.id}>
              <Table.Td style={{ whiteSpace: 'normal' }}>
                <Anchor href={href('studies', study.id)} size="sm">
                  {study.name}
                </Anchor>
                <Text size="xs" c="dimmed" lineClamp={1}>
                  {told(study.question)}
                </Text>
              </Table.Td>
              <Table.Td>
                <StudyBadge state={study.state} />
              </Table.Td>
              <Table.Td ta="right">{study.arms}</Table.Td>
              <Table.Td ta="right">{study.seeds}</Table.Td>
              <Table.Td ta="right">{t('studies.of', { done: study.trained, total: study.total })}</Table.Td>
              <Table.Td>{dateTime(study.created)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}
