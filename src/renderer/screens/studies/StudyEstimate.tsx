import { Button, Group, Loader, Paper, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyShown } from '../../../shared/contract/studies.ts';
import { duration } from '../../../shared/duration.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/hooks.ts';

/** How long what is left of a study takes: by its finished trainings where there are any, else by a trial on request. */
export function StudyEstimate({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  const estimate = useAction('studies.estimate');
  // Leaving the page cancels the trial.
  useEffect(() => () => void call('studies.endEstimate', {}).catch(() => undefined), []);
  const { data } = estimate;
  const seconds = study.secondsLeft ?? data?.seconds;
  const waiting = study.state === 'ready' || study.state === 'cancelled' || study.state === 'interrupted';
  return (
    <Paper withBorder p="md" className="panel" component="section" aria-label={t('studies.estimate.title')}>
      <Group gap="md" wrap="nowrap">
        {study.secondsLeft === undefined && waiting && (
          <Button
            variant="default"
            style={{ flexShrink: 0 }}
            leftSection={estimate.isPending ? <Loader size={14} /> : undefined}
            onClick={() =>
              estimate.isPending ? void call('studies.endEstimate', {}) : estimate.mutate({ study: study.id })
            }
          >
            {t(estimate.isPending ? 'train.endMeasuring' : 'studies.estimate.measure')}
          </Button>
        )}
        <div role="status">
          <Text size="sm" fw={600}>
            {seconds === undefined
              ? t('studies.estimate.none')
              : t('studies.estimate.left', { time: duration(seconds) })}
          </Text>
          <Text size="xs" c="dimmed">
            {t('studies.estimate.text')}
            {data && study.secondsLeft === undefined
              ? ` ${data.arms
                  .map(({ arm, seconds: one, stepMs }) =>
                    t('studies.estimate.arm', { arm, time: duration(one), step: stepMs.toFixed(0) }),
                  )
                  .join(' · ')}`
              : ''}
          </Text>
        </div>
      </Group>
    </Paper>
  );
}
