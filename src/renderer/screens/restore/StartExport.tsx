import { Anchor, Button, Checkbox, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useState } from 'react';
import { useAction, useCall } from '../../api/hooks.ts';
import { href } from '../../route.ts';
import { BatchProgress } from './BatchProgress.tsx';
import { LeftOut } from './LeftOut.tsx';
import { chosenPictures, useSelection } from './selection.tsx';
import { useExampleName } from './useExampleName.ts';
import { OutputChoice } from './OutputChoice.tsx';
import { useOpenPicture } from './useLookedAt.ts';
import { useOutput } from './useOutput.ts';
import { useShownBatch } from './useShownBatch.ts';

/** The export button, and the progress of the export. */
export function StartExport() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const start = useAction('batches.start', ['batches.list']);
  const batches = useCall('batches.list', {});
  const batch = useShownBatch();
  const open = useOpenPicture();
  const badName = useExampleName().isError || selection.options.template === '';
  const { recipe, strength, mask, options, wanted } = selection;
  const pictures = open ? [open] : chosenPictures(selection);
  const output = useOutput(pictures);
  const machines = useCall('machines.setUp', {}).data;
  const [wantsMachines, setWantsMachines] = useState(false);
  const elsewhere = wantsMachines && Boolean(machines);
  const needs = [
    [wanted.length > 0, 'export.needsDownload'],
    [recipe.models.length === 0, 'export.needsModel'],
    [elsewhere && output.needsFolder, 'machines.needsOriginals'],
    [!output.beside && !output.folder, 'export.needsFolder'],
    [elsewhere && output.beside, 'machines.needsFolder'],
    [pictures.length === 0, 'export.needsPictures'],
    [badName, 'export.needsName'],
  ] as const;
  const missing = needs.find(([isMissing]) => isMissing)?.[1];

  const begin = (): void => {
    const { models, ...how } = recipe;
    start.mutate(
      {
        pictures: pictures.map((picture) => picture.id),
        models,
        effect: { strength, ...how, ...(mask ? { mask: mask.id } : {}) },
        ...(output.beside || !output.folder ? {} : { out: output.folder.id }),
        options,
        elsewhere,
      },
      { onSuccess: (made) => change({ batch: made.id }) },
    );
  };

  return (
    <Stack gap="sm">
      {batch && <BatchProgress batch={batch} />}
      {pictures.length > 0 && <LeftOut />}
      <OutputChoice output={output} />
      {machines && (
        <Checkbox
          size="xs"
          label={t('machines.export', { queue: machines.url })}
          checked={wantsMachines}
          onChange={(event) => setWantsMachines(event.currentTarget.checked)}
        />
      )}
      <Button fullWidth onClick={begin} disabled={missing !== undefined} loading={start.isPending}>
        {open ? t('export.startThis') : t('export.start', { count: pictures.length })}
      </Button>
      {missing && (
        <Text size="xs" c="dimmed" ta="center">
          {t(missing)}
        </Text>
      )}
      {!batch && batches.data && batches.data.length > 0 && (
        <Anchor size="xs" ta="center" href={href('restore', 'batches')}>
          {t('batch.earlier', { count: batches.data.length })}
        </Anchor>
      )}
    </Stack>
  );
}
