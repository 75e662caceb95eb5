import { Accordion, Alert, Code, Grid, Group, Progress, ScrollArea, SimpleGrid, Stack, TagsInput, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run, RunPage } from '../../../shared/contract/training.ts';
import type { TrainProgress } from '../../../shared/runs.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { progressKey } from '../../api/liveUpdates.ts';
import { Loaded } from '../../components/States.tsx';
import { CurvesPanel } from './CurvesPanel.tsx';
import { ValidationPictures } from './ValidationPictures.tsx';

/** One run: how far it is, its curves, its pictures, its notes, its configuration and log. */
export function RunPageView({ run }: { run: Run }) {
  const page = useCall('runs.show', { run: run.id });
  return (
    <ScrollArea flex={1}>
      <Stack p="lg" gap="lg">
        <RunProgress run={run} />
        {run.error && (
          <Alert color="red" title={run.error.code}>
            {run.error.message}
          </Alert>
        )}
        <CurvesPanel runs={[run]} />
        <Loaded query={page}>{(loaded) => <Details run={run} page={loaded} />}</Loaded>
      </Stack>
    </ScrollArea>
  );
}

function Details({ run, page }: { run: Run; page: RunPage }) {
  const { t } = useTranslation();
  return (
    <>
      {page.pictures.length > 0 && <ValidationPictures pictures={page.pictures} />}
      <Annotations run={run} />
      <Accordion variant="contained" multiple>
        {page.facts && (
          <Accordion.Item value="facts">
            <Accordion.Control>{t('runs.facts')}</Accordion.Control>
            <Accordion.Panel>
              <SimpleGrid cols={2}>
                {(['device', 'features', 'dataFingerprint', 'parameters', 'threads'] as const).map((key) => (
                  <div key={key}>
                    <Text size="xs" c="dimmed">
                      {t(`runs.fact.${key}`)}
                    </Text>
                    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                      {String(page.facts?.[key])}
                    </Text>
                  </div>
                ))}
              </SimpleGrid>
            </Accordion.Panel>
          </Accordion.Item>
        )}
        <Accordion.Item value="config">
          <Accordion.Control>{t('runs.config')}</Accordion.Control>
          <Accordion.Panel>
            <Code block tabIndex={0}>
              {page.config}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="log">
          <Accordion.Control>{t('runs.log')}</Accordion.Control>
          <Accordion.Panel>
            <Code block tabIndex={0}>
              {page.log.join('\n')}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </>
  );
}

function RunProgress({ run }: { run: Run }) {
  const { t } = useTranslation();
  // Only events fill this; there is nothing to ask for.
  const { data: progress } = useQuery<TrainProgress | null>({ queryKey: progressKey(run.id), queryFn: () => null, staleTime: Infinity, enabled: false });
  const live = run.state === 'running' ? progress : undefined;
  const step = Math.max(run.step, live?.step ?? 0);
  const facts: [string, string][] = [
    [t('runs.step'), `${step} / ${run.steps}`],
    [t('runs.bestPsnr'), run.best ? `${run.best.psnr.toFixed(2)} dB` : '–'],
    [t('runs.psnrBefore'), run.psnrBefore === undefined ? '–' : `${run.psnrBefore.toFixed(2)} dB`],
    [t('runs.speed'), live ? t('runs.imagesPerSecond', { count: live.imagesPerSecond.toFixed(1) }) : '–'],
    [t('runs.left'), live ? duration(live.eta) : '–'],
  ];
  return (
    <Stack gap="xs">
      <Progress value={(100 * step) / run.steps} size="sm" aria-label={t('runs.step')} />
      <Grid columns={5}>
        {facts.map(([label, value]) => (
          <Grid.Col span={1} key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text fw={500} style={{ fontVariantNumeric: 'tabular-nums' }}>
              {value}
            </Text>
          </Grid.Col>
        ))}
      </Grid>
    </Stack>
  );
}

function Annotations({ run }: { run: Run }) {
  const { t } = useTranslation();
  const annotate = useAction('runs.annotate', ['runs.list']);
  const [note, setNote] = useState(run.note);
  return (
    <Group align="flex-start" grow>
      <TagsInput label={t('runs.tags')} placeholder={t('runs.tagsHint')} value={run.tags} onChange={(tags) => annotate.mutate({ run: run.id, tags })} />
      <Textarea label={t('runs.note')} autosize minRows={1} value={note} onChange={(event) => setNote(event.currentTarget.value)} onBlur={() => note !== run.note && annotate.mutate({ run: run.id, note })} />
    </Group>
  );
}

/** `1 h 05 min`, `3 min 20 s`, `12 s`. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, '0')} s` : `${rest} s`;
}
