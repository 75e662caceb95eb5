import { Anchor, Group, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StudyCell, StudyShown } from '../../../shared/contract/studies.ts';
import type { Run } from '../../../shared/contract/training.ts';
import { useStep } from '../../api/liveUpdates.ts';
import { decibels } from '../../components/format.ts';
import { StateBadge } from '../../components/States.tsx';
import { href } from '../../route.ts';

/** The trainings: a row for each arm, a column for each seed, with their live states. */
export function StudyCells({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={200 + 150 * study.seeds.length}>
      <Table withTableBorder withColumnBorders aria-label={t('studies.trainings')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('studies.arm')}</Table.Th>
            {study.seeds.map((seed) => (
              <Table.Th key={seed}>{t('studies.seed', { seed })}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {study.arms.map(({ name }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500}>
                {name}
              </Table.Th>
              {study.seeds.map((seed) => (
                <Table.Td key={seed}>
                  <Cell cell={study.cells.find((cell) => cell.arm === name && cell.seed === seed)} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Cell({ cell }: { cell: StudyCell | undefined }) {
  const { t } = useTranslation();
  if (cell?.run) return <RunCell run={cell.run} arm={cell.arm} seed={cell.seed} />;
  return (
    <Text size="sm" c="dimmed">
      {t('studies.notBegun')}
    </Text>
  );
}

function RunCell({ run, arm, seed }: { run: Run; arm: string; seed: number }) {
  const { t } = useTranslation();
  const step = useStep(run);
  return (
    <>
      <Group gap={6} wrap="nowrap">
        <Anchor href={href('runs', run.id)} size="sm" aria-label={t('studies.openRun', { arm, seed, run: run.id })}>
          {run.id}
        </Anchor>
        <StateBadge state={run.state} />
      </Group>
      <Text size="xs" c="dimmed">
        {run.state === 'finished' && run.best
          ? decibels(run.best.psnr)
          : t('studies.atStep', { step, steps: run.steps })}
      </Text>
    </>
  );
}
