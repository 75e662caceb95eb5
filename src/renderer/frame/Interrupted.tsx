import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../api/hooks.ts';
import { go } from '../route.ts';
import { batchTitle } from '../screens/restore/batchTitle.ts';

/** The tag of a study's runs names the study. */
const studyOf = (tags: readonly string[]): string | undefined =>
  tags.find((tag) => tag.startsWith('study '))?.slice('study '.length);

/**
 * Lists work that was interrupted when the program last closed, and offers to resume it. Shown until it is resumed or
 * dismissed.
 */
export function Interrupted() {
  const { t } = useTranslation();
  const [aside, setAside] = useState<ReadonlySet<string>>(new Set());
  const runs = useCall('runs.list', {});
  const batches = useCall('batches.list', {});
  const studies = useCall('studies.list', {});
  const resumeStudy = useAction('studies.start', ['studies.list']);
  const resumeRun = useAction('training.resume', ['runs.list']);
  const resumeBatch = useAction('batches.resume', ['batches.list']);

  // A study resumes its own trainings.
  const waiting = new Set(studies.data?.filter(({ state }) => state === 'interrupted').map(({ id }) => id));
  const single = runs.data?.filter(({ tags }) => !waiting.has(studyOf(tags) ?? '')) ?? [];
  const found = [
    ...(studies.data ?? []).map(({ id, state, name }) => ({
      id: `study ${id}`,
      state,
      title: name,
      resume: () => resumeStudy.mutate({ study: id }, { onSuccess: () => go('studies', id) }),
    })),
    ...single.map(({ id, state, name, savedStep = 0 }) => ({
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
        loading={resumeRun.isPending || resumeBatch.isPending || resumeStudy.isPending}
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
