import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { StudioEvent } from '../../shared/contract.ts';
import type { ModelEntry, Pack, Remedy } from '../../shared/contract/models.ts';
import type { Batch, BatchFile } from '../../shared/contract/restoring.ts';
import type { Run } from '../../shared/contract/training.ts';
import type { TrainProgress } from '../../shared/runs.ts';
import { queryClient, useEvents } from './hooks.ts';

/** Cache key of a run's latest progress; only events write it. */
export const progressKey = (run: string): [string, string] => ['progress', run];

/** Share of each picture that is done, from 0 to 1, by its number in the batch. */
type Shares = Readonly<Record<number, number>>;
const noShares: Shares = {};

/** Cache key of these shares; only events write it. */
const sharesKey = (batch: string): [string, string] => ['shares', batch];

export function useFileShares(batch: string | undefined): Shares {
  return useQuery<Shares>({ queryKey: sharesKey(batch ?? ''), enabled: false }).data ?? noShares;
}

/** Step of a run as the latest event reports it; before the first event, as the history has it. */
export function useStep(run: Run | undefined): number {
  const { data } = useQuery<TrainProgress>({ queryKey: progressKey(run?.id ?? ''), enabled: false });
  return Math.max(run?.step ?? 0, data?.step ?? 0);
}

/** Writes events into the query cache, so that every screen shows them without asking again. */
export function useLiveUpdates(): void {
  useEvents(
    useCallback((event: StudioEvent) => {
      switch (event.name) {
        case 'run':
          queryClient.setQueryData<Run[]>(['runs.list', {}], (runs) => runs && upsert(runs, event.data));
          void queryClient.invalidateQueries({ queryKey: ['runs.show', { run: event.data.id }] });
          void queryClient.invalidateQueries({ queryKey: ['runs.crops'] });
          // The last steps may be newer than the cached curves.
          void queryClient.invalidateQueries({ queryKey: ['runs.curves', event.data.id] });
          if (event.data.tags.some((tag) => tag.startsWith('study '))) refreshStudies();
          if (isNewAsModel(event.data)) void queryClient.invalidateQueries({ queryKey: ['models.list'] });
          break;
        case 'progress':
          queryClient.setQueryData<TrainProgress>(progressKey(event.data.run), event.data.progress);
          break;
        case 'batch':
          showBatch(event.data);
          break;
        case 'batchFile': {
          const { batch, file } = event.data;
          queryClient.setQueryData<BatchFile[]>(['batches.files', { batch }], (files) =>
            files?.map((known) => (known.number === file.number ? file : known)),
          );
          queryClient.setQueryData<Shares>(sharesKey(batch), (shares = noShares) =>
            Object.fromEntries(Object.entries(shares).filter(([number]) => Number(number) !== file.number)),
          );
          break;
        }
        case 'batchProgress':
          queryClient.setQueryData<Shares>(sharesKey(event.data.batch), (shares) => ({
            ...shares,
            [event.data.number]: event.data.share,
          }));
          showSecondsLeft(event.data.batch, event.data.secondsLeft);
          break;
        // Shown by who asked for the preview.
        case 'previewProgress':
          break;
        case 'pack':
          queryClient.setQueryData<Remedy[]>(['remedies.list', {}], (remedies) => remedies?.map(withPack(event.data)));
          queryClient.setQueryData<Pack[]>(['packs.list', {}], (packs) =>
            packs?.map((known) => (known.id === event.data.id ? event.data : known)),
          );
          break;
        case 'study':
          refreshStudies();
          break;
        case 'changed':
          void queryClient.invalidateQueries({ queryKey: [`${event.data}.list`] });
          if (event.data !== 'models') break;
          void queryClient.invalidateQueries({ queryKey: ['models.broken'] });
          void queryClient.invalidateQueries({ queryKey: ['remedies.list'] });
          break;
      }
    }, []),
  );
}

/** A remedy whose pack is being downloaded, or has arrived. */
const withPack =
  ({ id, model, fetched }: Pack) =>
  (remedy: Remedy): Remedy =>
    remedy.id === id ? { ...remedy, model, fetched } : remedy;

function showSecondsLeft(batch: string, secondsLeft: number | undefined): void {
  queryClient.setQueryData<Batch[]>(['batches.list', {}], (batches) =>
    batches?.map((known) => (known.id === batch ? { ...known, secondsLeft } : known)),
  );
}

/** Asks again for the studies that are shown. */
function refreshStudies(): void {
  for (const call of ['studies.list', 'studies.show', 'studies.curves'])
    void queryClient.invalidateQueries({ queryKey: [call] });
}

/** A run can be used for restoring after its first validation, and again improves with each new best one. */
function isNewAsModel({ id, best }: Run): boolean {
  const models = queryClient.getQueryData<ModelEntry[]>(['models.list', {}]);
  return best !== undefined && models?.find((model) => model.id === id)?.psnr !== best.psnr;
}

/** Counts arrive with every picture. The state of each picture is only loaded again if the batch itself has changed. */
function showBatch(batch: Batch): void {
  const before = queryClient.getQueryData<Batch[]>(['batches.list', {}])?.find(({ id }) => id === batch.id);
  queryClient.setQueryData<Batch[]>(['batches.list', {}], (batches) => batches && upsert(batches, batch));
  if (before?.state === batch.state) return;
  // A picture that was cancelled half-way is no longer being worked on.
  queryClient.setQueryData<Shares>(sharesKey(batch.id), noShares);
  void queryClient.invalidateQueries({ queryKey: ['batches.files', { batch: batch.id }] });
}

function upsert<Item extends { id: string }>(items: Item[], item: Item): Item[] {
  return items.some((known) => known.id === item.id)
    ? items.map((known) => (known.id === item.id ? item : known))
    : [item, ...items];
}
