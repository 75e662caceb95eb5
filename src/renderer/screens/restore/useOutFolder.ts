import type { Place } from '../../../shared/contract/common.ts';
import { useCall } from '../../api/hooks.ts';
import { useSelection } from './selection.tsx';

/** The output folder: the chosen one, otherwise that of the last batch. */
export function useOutFolder(): Pick<Place, 'id' | 'path'> | undefined {
  const { selection } = useSelection();
  const last = useCall('batches.list', {}).data?.[0];
  return selection.out ?? (last && { id: last.place, path: last.settings.out });
}
