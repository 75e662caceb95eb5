import type { Place } from '../../../shared/contract/common.ts';
import type { Source } from '../../../shared/contract/restoring.ts';
import { useCall } from '../../api/hooks.ts';
import { useSelection } from './selection.tsx';

export interface Output {
  /** Results lie beside the originals; otherwise in the folder. */
  beside: boolean;
  /** Some pictures are the program's own copies; results cannot be written beside them. */
  needsFolder: boolean;
  /** The chosen folder, otherwise that of the last batch that had one. */
  folder: Pick<Place, 'id' | 'path'> | undefined;
}

/** Where the results of these pictures go. */
export function useOutput(pictures: readonly Source[]): Output {
  const { selection } = useSelection();
  const last = useCall('batches.list', {}).data?.find(({ settings }) => settings.beside !== true);
  const needsFolder = pictures.some(({ own }) => own);
  return {
    beside: selection.where === 'beside' && !needsFolder,
    needsFolder,
    folder: selection.out ?? (last && { id: last.place, path: last.settings.out }),
  };
}
