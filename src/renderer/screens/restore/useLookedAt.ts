import type { Source } from '../../../shared/contract/restoring.ts';
import { useRoute } from '../../route.ts';
import { useSelection } from './selection.tsx';

/** The open picture; in the grid the current one, or the first. Undefined on other screens and without pictures. */
export function useLookedAt(): Source | undefined {
  const { screen, item } = useRoute();
  const { pictures, current } = useSelection().selection;
  if (screen !== '' && screen !== 'restore') return undefined;
  return pictures.find(({ id }) => id === item) ?? pictures.find(({ id }) => id === current) ?? pictures[0];
}

/** The picture that is open in the single view. */
export function useOpenPicture(): Source | undefined {
  const { item } = useRoute();
  return useSelection().selection.pictures.find(({ id }) => id === item);
}
