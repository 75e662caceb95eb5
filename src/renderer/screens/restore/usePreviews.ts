import { useState } from 'react';
import type { Region } from '../../../shared/contract/restore.ts';
import { call, pictureUrl } from '../../api/client.ts';
import { showError } from '../../api/showError.ts';
import { previewKey, type Recipe } from './recipe.ts';
import { useSelection } from './selection.tsx';

export interface Previews {
  /** Number of the recipe at work, counted from 1, and of how many. */
  pending: { number: number; of: number } | undefined;
  /** Restores a part of a picture with each recipe, one after the other; those done are shown at once. */
  start: (picture: string, recipes: readonly Recipe[], region: Region) => Promise<void>;
}

/** Previews at full strength: strength is mixed on the screen. */
export function usePreviews(): Previews {
  const { selection, change } = useSelection();
  const [pending, setPending] = useState<Previews['pending']>();
  const mask = selection.mask?.id;

  const start = async (picture: string, recipes: readonly Recipe[], region: Region): Promise<void> => {
    try {
      for (const [index, { models, ensemble, luminance }] of recipes.entries()) {
        setPending({ number: index + 1, of: recipes.length });
        const made = await call('restore.preview', { picture, models, effect: { strength: 1, ensemble, luminance, ...(mask === undefined ? {} : { mask }) }, region });
        const preview = { url: pictureUrl(made.picture), region: made.region, seconds: made.seconds };
        change((now) => ({ previews: new Map(now.previews).set(previewKey(picture, { models, ensemble, luminance }, mask), preview) }));
      }
    } catch (error) {
      showError(error);
    } finally {
      setPending(undefined);
    }
  };
  return { pending, start };
}
