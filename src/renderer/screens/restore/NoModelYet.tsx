import { Anchor, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { useStep } from '../../api/liveUpdates.ts';
import { href } from '../../route.ts';

/** In place of the models while there is none: how far the one is that is being trained, or where to get one. */
export function NoModelYet({ awaited }: { awaited: Run | undefined }) {
  const { t } = useTranslation();
  const step = useStep(awaited);
  if (!awaited) {
    return (
      <Text size="sm">
        {t('export.noModel')}{' '}
        <Anchor size="sm" href={href('models')}>
          {t('export.toModels')}
        </Anchor>
      </Text>
    );
  }
  const share = (100 * step) / awaited.steps;
  return (
    <Stack gap={6} role="status">
      <Text size="sm">{t('export.inTraining', { name: awaited.name, percent: Math.floor(share) })}</Text>
      <Progress size="sm" value={share} aria-label={awaited.name} />
      <Anchor size="xs" href={href('runs', awaited.id)}>
        {t('export.watchTraining')}
      </Anchor>
    </Stack>
  );
}
