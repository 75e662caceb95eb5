import type { Place } from '../../../shared/contract/common.ts';
import { useCall } from '../../api/hooks.ts';
import { useSelection } from './selection.tsx';

/** Where results go: the folder that was chosen, else that of the last batch. */
export function useOutFolder(): Pick<Place, 'id' | 'path'> | undefined {
  const { selection } = useSelection();
  const last = useCall('batches.list', {}).data?.[0];
  return selection.out ?? (last && { id: last.place, path: last.settings.out });
}
