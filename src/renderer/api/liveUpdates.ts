import { useCallback } from 'react';
import type { StudioEvent } from '../../shared/contract.ts';
import type { Batch } from '../../shared/contract/restore.ts';
import type { Run } from '../../shared/contract/training.ts';
import type { TrainProgress } from '../../shared/runs.ts';
import { queryClient, useEvents } from './hooks.ts';

/** Key under which the last progress of a run is kept; only events fill it. */
export const progressKey = (run: string): [string, string] => ['progress', run];

/** Puts what events tell into the kept answers, so that every screen shows it without asking again. */
export function useLiveUpdates(): void {
  useEvents(
    useCallback((event: StudioEvent) => {
      switch (event.name) {
        case 'run':
          queryClient.setQueryData<Run[]>(['runs.list', {}], (runs) => runs && upsert(runs, event.data));
          void queryClient.invalidateQueries({ queryKey: ['runs.show', { run: event.data.id }] });
          void queryClient.invalidateQueries({ queryKey: ['runs.crops'] });
          // The last steps came after the curves were last asked for.
          void queryClient.invalidateQueries({ queryKey: ['runs.curves', event.data.id] });
          if (event.data.state === 'finished') void queryClient.invalidateQueries({ queryKey: ['models.list'] });
          break;
        case 'progress':
          queryClient.setQueryData<TrainProgress>(progressKey(event.data.run), event.data.progress);
          break;
        case 'batch':
          queryClient.setQueryData<Batch[]>(['batches.list', {}], (batches) => batches && upsert(batches, event.data));
          void queryClient.invalidateQueries({ queryKey: ['batches.files', { batch: event.data.id }] });
          break;
        // How far a fetch is concerns only the screen that shows it, which listens itself.
        case 'pack':
          break;
        case 'changed':
          void queryClient.invalidateQueries({ queryKey: [`${event.data}.list`] });
          break;
      }
    }, []),
  );
}

function upsert<Item extends { id: string }>(items: Item[], item: Item): Item[] {
  return items.some((known) => known.id === item.id) ? items.map((known) => (known.id === item.id ? item : known)) : [item, ...items];
}
