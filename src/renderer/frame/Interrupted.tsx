import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../api/hooks.ts';
import { go } from '../route.ts';
import { batchTitle } from '../screens/restore/batchTitle.ts';

/**
 * Lists work that was interrupted when the program last closed, and offers to resume it. Shown until it is resumed or
 * dismissed.
 */
export function Interrupted() {
  const { t } = useTranslation();
  const [aside, setAside] = useState<ReadonlySet<string>>(new Set());
  const runs = useCall('runs.list', {});
  const batches = useCall('batches.list', {});
  const resumeRun = useAction('training.resume', ['runs.list']);
  const resumeBatch = useAction('batches.resume', ['batches.list']);

  const found = [
    ...(runs.data ?? []).map(({ id, state, name, savedStep = 0 }) => ({
      id,
      state,
      title: savedStep > 0 ? t('frame.savedAt', { title: name, step: savedStep }) : t('frame.unsaved', { title: name }),
      resume: () => resumeRun.mutate({ run: id }, { onSuccess: () => go('runs', id) }),
    })),
    ...(batches.data ?? []).map((batch) => ({
      id: batch.id,
      state: batch.state,
      title: batchTitle(batch, t),
      resume: () => resumeBatch.mutate({ batch: batch.id }),
    })),
  ].filter(({ id, state }) => state === 'interrupted' && !aside.has(id));
  if (found.length === 0) return null;

  return (
    <Group
      role="region"
      aria-label={t('frame.interruptedTitle')}
      className="notice-line"
      gap="sm"
      px="lg"
      wrap="nowrap"
    >
      <Text size="sm" flex={1} lineClamp={1}>
        {t('frame.interrupted', { count: found.length, titles: found.map(({ title }) => title).join(', ') })}
      </Text>
      <Button
        size="compact-sm"
        loading={resumeRun.isPending || resumeBatch.isPending}
        onClick={() => found.forEach(({ resume }) => resume())}
      >
        {t('action.resume')}
      </Button>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        onClick={() => setAside(new Set([...aside, ...found.map(({ id }) => id)]))}
      >
        {t('frame.later')}
      </Button>
    </Group>
  );
}
