import { Anchor, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { useStep } from '../../api/liveUpdates.ts';
import { decibels } from '../../components/format.ts';
import { href } from '../../route.ts';

/** Progress of a model that is still being trained, and how well it restores so far. */
export function InTraining({ run }: { run: Run }) {
  const { t } = useTranslation();
  const share = (100 * useStep(run)) / run.steps;
  const told = { name: run.name, percent: Math.floor(share) };
  return (
    <Stack gap={6} role="status">
      <Text size="sm">
        {run.best && run.best.step > 0
          ? t('export.gettingBetter', { ...told, psnr: decibels(run.best.psnr), step: run.best.step })
          : t('export.inTraining', told)}
      </Text>
      <Progress size="sm" value={share} aria-label={run.name} />
      <Anchor size="xs" href={href('runs', run.id)}>
        {t('export.watchTraining')}
      </Anchor>
    </Stack>
  );
}
