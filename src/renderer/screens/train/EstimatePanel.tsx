import { Button, Group, Loader, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { duration } from '../../../shared/duration.ts';
import type { RunConfig } from '../../../shared/runConfig.ts';
import { secondsOf } from '../../../shared/trials.ts';
import { call } from '../../api/client.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { gibibytes } from '../../components/format.ts';

/** A key for everything that affects speed. Changes of the run's length need no new measurement. */
const paceOf = (config: RunConfig): string =>
  JSON.stringify({ ...config, name: '', steps: 0, validateEvery: 0, saveEvery: 0, seed: 0, stopEarly: 0 });

/** Runs a few real steps of the configuration and shows what the whole run would take. */
export function EstimatePanel({ config, disabled }: { config: RunConfig; disabled: boolean }) {
  const { t } = useTranslation();
  const estimate = useAction('training.estimate');
  const runs = useCall('runs.list', {});
  const busy = runs.data?.some(({ state }) => state === 'running') ?? false;
  // Leaving the form cancels the trial.
  useEffect(() => () => void call('training.endEstimate', {}).catch(() => undefined), []);
  const measured = estimate.data;
  const stale = measured && estimate.variables && paceOf(estimate.variables.config as RunConfig) !== paceOf(config);

  return (
    <Group gap="md" wrap="nowrap" flex={1} miw={0}>
      {estimate.isPending ? (
        <Button
          variant="default"
          style={{ flexShrink: 0 }}
          leftSection={<Loader size={14} />}
          onClick={() => void call('training.endEstimate', {})}
        >
          {t('train.endMeasuring')}
        </Button>
      ) : (
        <Button
          variant="default"
          style={{ flexShrink: 0 }}
          disabled={disabled}
          onClick={() => estimate.mutate({ config })}
        >
          {t('train.measure')}
        </Button>
      )}
      <div style={{ minWidth: 0 }} role="status">
        {estimate.isPending && (
          <Text size="sm" c="dimmed">
            {t('train.measuring')}
          </Text>
        )}
        {!estimate.isPending && measured && (
          <>
            <Text size="sm" fw={600} {...(stale ? { c: 'dimmed' } : {})}>
              {stale ? t('train.measureAgain') : t('train.takes', { time: duration(secondsOf(measured, config)) })}
            </Text>
            <Text size="xs" c="dimmed" lineClamp={2} title={measured.engine}>
              {t('train.takesMore', {
                step: measured.stepMs.toFixed(0),
                measured: measured.measured,
                validation: (measured.validationMs / 1000).toFixed(1),
                memory: gibibytes(measured.memory),
                train: measured.counts.train,
                validationPictures: measured.counts.validation,
                device: measured.device,
              })}
            </Text>
          </>
        )}
        {!estimate.isPending && !measured && (
          <Text size="xs" c="dimmed" lineClamp={2}>
            {t('train.measureHint')}
          </Text>
        )}
        {busy && (
          <Text size="xs" c="yellow">
            {t('train.measuredBusy')}
          </Text>
        )}
      </div>
    </Group>
  );
}
