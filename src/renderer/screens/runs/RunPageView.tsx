import { Accordion, Alert, Code, Paper, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Run, RunPage } from '../../../shared/contract/training.ts';
import { dateTime } from '../../../shared/dates.ts';
import { useCall } from '../../api/hooks.ts';
import { Loaded } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { Annotations } from './Annotations.tsx';
import { CropCompare } from './crops/CropCompare.tsx';
import { CurvesPanel } from './CurvesPanel.tsx';
import { Provenance } from './Provenance.tsx';
import { RunNotice } from './RunNotice.tsx';
import { RunProgress } from './RunProgress.tsx';

/** One run: progress, curves, pictures, provenance, notes, configuration, log and history. */
export function RunPageView({ run, known }: { run: Run; known: string[] }) {
  const page = useCall('runs.show', { run: run.id });
  return (
    <ScrollArea flex={1}>
      <Stack p="lg" gap="md">
        <RunNotice run={run} page={page.data} />
        <RunProgress run={run} />
        <CurvesPanel runs={[run]} />
        <Loaded query={page}>{(loaded) => <Details run={run} page={loaded} known={known} />}</Loaded>
      </Stack>
    </ScrollArea>
  );
}

function Details({ run, page, known }: { run: Run; page: RunPage; known: string[] }) {
  const { t } = useTranslation();
  const told = useTold();
  const log = page.log.filter(Boolean);
  return (
    <>
      {page.problem !== undefined && (
        <Alert color="orange" title={t('runs.unreadable')}>
          {told(page.problem)}
        </Alert>
      )}
      {page.pictures.length > 0 && <CropCompare runs={[run]} yChannel={page.settings?.metrics.yChannel ?? false} />}
      <div className="two-columns">
        {page.settings && (
          <Paper withBorder p="sm" className="panel">
            <Text fw={600} size="sm" mb="xs">
              {t('facts.title')}
            </Text>
            <Provenance settings={page.settings} facts={page.facts} />
          </Paper>
        )}
        <Paper withBorder p="sm" className="panel">
          <Stack gap="xs">
            <Annotations run={run} known={known} />
          </Stack>
        </Paper>
      </div>
      <Accordion variant="contained" multiple keepMounted={false}>
        <Accordion.Item value="log">
          <Accordion.Control>{t('runs.log')}</Accordion.Control>
          <Accordion.Panel>
            <Code block tabIndex={0} mah={320} style={{ overflow: 'auto' }}>
              {log.length > 0 ? log.join('\n') : t('runs.noLog')}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="config">
          <Accordion.Control>{t('runs.config')}</Accordion.Control>
          <Accordion.Panel>
            <Code block tabIndex={0}>
              {page.config}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="history">
          <Accordion.Control>{t('runs.history')}</Accordion.Control>
          <Accordion.Panel>
            <Table>
              <Table.Tbody>
                {page.states.map(({ at, state, reason }, index) => (
                  <Table.Tr key={index}>
                    <Table.Td w={180}>{dateTime(at)}</Table.Td>
                    <Table.Td w={120}>{t(`state.${state}`)}</Table.Td>
                    <Table.Td>{reason && told(reason)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </>
  );
}
