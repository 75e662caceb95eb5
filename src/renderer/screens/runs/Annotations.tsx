import { ActionIcon, Popover, Stack, TagsInput, Textarea } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { useAction } from '../../api/hooks.ts';

/** Tags and note of a run, saved when the field loses the focus. */
export function Annotations({ run, known }: { run: Run; known: string[] }) {
  const { t } = useTranslation();
  const annotate = useAction('runs.annotate', ['runs.list']);
  const [note, setNote] = useState(run.note);
  return (
    <>
      <TagsInput
        size="xs"
        label={t('runs.tags')}
        placeholder={t('runs.tagsHint')}
        data={known}
        value={run.tags}
        onChange={(tags) => annotate.mutate({ run: run.id, tags })}
        maxTags={50}
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
      />
      <Textarea
        size="xs"
        label={t('runs.note')}
        placeholder={t('runs.noteHint')}
        autosize
        minRows={2}
        maxRows={8}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        onBlur={() => note !== run.note && annotate.mutate({ run: run.id, note })}
      />
    </>
  );
}

/** The same in a dialog, opened from a row of the table. */
export function AnnotationsButton({ run, known }: { run: Run; known: string[] }) {
  const { t } = useTranslation();
  return (
    <Popover width={320} position="bottom-end" withArrow trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t('runs.annotate', { name: run.name })}>
          <IconPencil size={15} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Annotations run={run} known={known} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
