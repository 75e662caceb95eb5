import type { Batch } from '../../../shared/contract/restoring.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useCall } from '../../api/hooks.ts';
import { useSelection } from './selection.tsx';

/** The batch whose states are shown: the one started or opened here last, otherwise one that is running. */
export function useShownBatch(): Batch | undefined {
  const { selection } = useSelection();
  const batches = useCall('batches.list', {}).data;
  return batches?.find(({ id }) => id === selection.batch) ?? batches?.find(({ state }) => isActive(state));
}
