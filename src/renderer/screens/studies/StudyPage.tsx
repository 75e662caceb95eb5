import { Alert, Button, Code, Group, Paper, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StudyShown } from '../../../shared/contract/studies.ts';
import { dateTime } from '../../../shared/dates.ts';
import { duration } from '../../../shared/duration.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useCall } from '../../api/hooks.ts';
import { decibels, similarity } from '../../components/format.ts';
import { StudyMachines } from '../../components/MachinesPanel.tsx';
import { RevealFolder } from '../../components/RevealFolder.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Loaded } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { go } from '../../route.ts';
import { Section } from '../train/fields.tsx';
import { StudyActions } from './StudyActions.tsx';
import { StudyBadge } from './StudyBadge.tsx';
import { StudyBands } from './StudyBands.tsx';
import { StudyCells } from './StudyCells.tsx';
import { StudyEstimate } from './StudyEstimate.tsx';
import { StudyVerdicts } from './StudyVerdicts.tsx';

/** One study: what it says so far, its trainings, curves, figures, and what was locked at its start. */
export function StudyPage({ id }: { id: string }) {
  const { t } = useTranslation();
  const told = useTold();
  const study = useCall('studies.show', { study: id }, { staleTime: 0 });
  const { data } = study;
  return (
    <ScreenFrame
      title={data?.name ?? id}
      subtitle={data && told(data.question)}
      actions={
        <>
          {data && <StudyBadge state={data.state} />}
          {data && <StudyActions study={data} />}
          <Button size="xs" variant="default" onClick={() => go('studies')}>
            {t('studies.back')}
          </Button>
        </>
      }
    >
      <Loaded query={study}>{(shown) => <Content study={shown} />}</Loaded>
    </ScreenFrame>
  );
}

function Content({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  const told = useTold();
  return (
    <ScrollArea flex={1}>
      <Stack p="lg" gap="md">
        {study.error && (
          <Alert color="red" title={t('studies.failed')}>
            {told(study.error.message)}
          </Alert>
        )}
        <Section title={t('studies.verdict')}>
          <StudyVerdicts study={study} />
        </Section>
        {study.trained < study.total && <StudyEstimate study={study} />}
        <Section title={t('studies.trainings')} text={t('studies.of', { done: study.trained, total: study.total })}>
          <StudyCells study={study} />
          {study.state !== 'ready' && isActive(study.state) && <StudyMachines study={study.id} />}
        </Section>
        <Section title={t('studies.curves')} text={t('studies.curvesText')}>
          <StudyBands study={study} />
        </Section>
        <Figures study={study} />
        <Locked study={study} />
      </Stack>
    </ScrollArea>
  );
}

/** Every arm: what it changes, and what it reached on the final pictures. */
function Figures({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  const told = useTold();
  return (
    <Section title={t('studies.arms')} {...(study.opened === undefined && { text: t('studies.notOpened') })}>
      <Table.ScrollContainer minWidth={760}>
        <Table className="figures">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('studies.arm')}</Table.Th>
              <Table.Th>{t('studies.changes')}</Table.Th>
              <Table.Th ta="right">{t('studies.column.seeds')}</Table.Th>
              <Table.Th ta="right">PSNR</Table.Th>
              <Table.Th ta="right">SSIM</Table.Th>
              {study.lpips.map((network) => (
                <Table.Th key={network} ta="right">
                  {t('studies.lpips', { network })}
                </Table.Th>
              ))}
              <Table.Th ta="right">{t('train.steps')}</Table.Th>
              <Table.Th ta="right">{t('studies.timeOfSeed')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {study.arms.map(({ name, differs, features, figures, steps }) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={500}>
                  {name}
                </Table.Th>
                <Table.Td>
                  {name === study.baseline && t('studies.baseline')}
                  {differs.map(({ path, value }) => (
                    <Code key={path} mr={6} style={{ overflowWrap: 'anywhere' }}>
                      {path}={value}
                    </Code>
                  ))}
                  {features !== undefined && (
                    <Text size="xs" c="dimmed" lineClamp={1} title={told(features)}>
                      {told(features)}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td ta="right">{figures?.seeds ?? '–'}</Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                  {figures ? decibels(figures.psnr) : '–'}
                </Table.Td>
                <Table.Td ta="right">{figures ? similarity(figures.ssim) : '–'}</Table.Td>
                {study.lpips.map((network) => (
                  <Table.Td key={network} ta="right">
                    {figures?.lpips?.[network]?.toFixed(4) ?? '–'}
                  </Table.Td>
                ))}
                <Table.Td ta="right">{steps}</Table.Td>
                <Table.Td ta="right">{figures ? duration(figures.seconds) : '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {study.vggFavoured && (
        <Text size="sm" mt="xs">
          {t('studies.vggFavoured')}
        </Text>
      )}
    </Section>
  );
}

/** What was locked when the study was created. */
function Locked({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  const rows = [
    [t('studies.locked.final', { count: study.final.count }), study.final.hash],
    [t('studies.locked.tuning', { count: study.tuning.count }), study.tuning.hash],
    [t('studies.locked.configs'), study.configHash],
  ];
  return (
    <Paper withBorder p="md" className="panel" component="section" aria-label={t('studies.locked.title')}>
      <Group justify="space-between" mb="xs">
        <Text fw={600}>{t('studies.locked.title')}</Text>
        <RevealFolder what={{ study: study.id }} path={study.folder} />
      </Group>
      <Text size="sm" c="dimmed">
        {study.opened === undefined
          ? t('studies.locked.text', { at: dateTime(study.created) })
          : t('studies.locked.opened', { at: dateTime(study.created), opened: dateTime(study.opened) })}
      </Text>
      {study.seenBefore.length > 0 && (
        <Alert color="yellow" mt="xs">
          {t('studies.seenBefore', {
            count: study.seenBefore.length,
            studies: [...new Set(study.seenBefore.map((one) => one.study))].join(', '),
          })}
        </Alert>
      )}
      <Table mt="xs">
        <Table.Tbody>
          {rows.map(([what, hash]) => (
            <Table.Tr key={what}>
              <Table.Th scope="row" fw={400} w={280}>
                {what}
              </Table.Th>
              <Table.Td ff="monospace" fz="xs" style={{ overflowWrap: 'anywhere' }}>
                {hash}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
