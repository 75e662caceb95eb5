import { Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { duration } from '../../../shared/duration.ts';
import type { TrainProgress } from '../../../shared/runs.ts';
import { progressKey } from '../../api/liveUpdates.ts';
import { decibels, similarity } from '../../components/format.ts';
import { gainOf } from './runFilter.ts';

/** Progress of a run, its speed and its best result. */
export function RunProgress({ run }: { run: Run }) {
  const { t } = useTranslation();
  // Only events fill this; there is no call for it.
  const { data: progress } = useQuery<TrainProgress | null>({
    queryKey: progressKey(run.id),
    queryFn: () => null,
    staleTime: Infinity,
    enabled: false,
  });
  const live = run.state === 'running' ? progress : undefined;
  const step = Math.max(run.step, live?.step ?? 0);
  const gain = gainOf(run);
  const facts: [label: string, value: string, more?: string | undefined][] = [
    [t('runs.step'), `${step} / ${run.steps}`],
    [
      t('runs.bestPsnr'),
      run.best ? decibels(run.best.psnr) : '–',
      run.best && t('runs.atStep', { step: run.best.step }),
    ],
    [t('runs.bestSsim'), run.best ? similarity(run.best.ssim) : '–'],
    [
      t('runs.psnrBefore'),
      run.psnrBefore === undefined ? '–' : decibels(run.psnrBefore),
      gain === undefined ? undefined : `${gain < 0 ? '−' : '+'}${Math.abs(gain).toFixed(2)} dB`,
    ],
    ...(live
      ? [
          [
            t('runs.speed'),
            live.imagesPerSecond > 0 ? t('runs.imagesPerSecond', { count: live.imagesPerSecond.toFixed(1) }) : '…',
          ] as [string, string],
          [t('runs.left'), live.imagesPerSecond > 0 ? duration(live.eta) : '…'] as [string, string],
        ]
      : []),
  ];
  return (
    <Stack gap="xs">
      <Progress
        value={(100 * step) / run.steps}
        size="sm"
        aria-label={t('runs.step')}
        animated={run.state === 'running'}
        color={run.state === 'failed' ? 'red' : 'accent'}
      />
      <div className="facts">
        {facts.map(([label, value, more]) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text fw={500} style={{ fontVariantNumeric: 'tabular-nums' }}>
              {value}{' '}
              {more && (
                <Text span size="xs" c="dimmed">
                  {more}
                </Text>
              )}
            </Text>
          </div>
        ))}
      </div>
    </Stack>
  );
}
