import { z } from 'zod';
import { rawSettings } from '../../../shared/batches.ts';
import type { ModelEntry } from '../../../shared/contract/models.ts';

/** How pictures are restored. Strength is not part of it: it is mixed on screen and needs no new restoring. */
export const recipe = z.object({
  /** Ids of the models in order of use. */
  models: z.array(z.string()),
  ensemble: z.boolean(),
  luminance: z.boolean(),
  raw: rawSettings.optional(),
});
export type Recipe = z.output<typeof recipe>;

/** The models and everything else that changes the result. Equal keys mean equal pixels. */
export const recipeKey = ({ models, ensemble, luminance, raw }: Recipe): string =>
  JSON.stringify([models, ensemble, luminance, ...(raw ? [raw] : [])]);

/** Cache key of a preview: the picture, the recipe and the mask. */
export const previewKey = (picture: string, chosen: Recipe, mask: string | undefined): string =>
  `${picture} ${mask ?? ''} ${recipeKey(chosen)}`;

/** `Denoise → Dehaze`, by the titles of the models. */
export const recipeTitle = ({ models }: Recipe, known: readonly ModelEntry[] | undefined): string =>
  models.map((id) => known?.find((model) => model.id === id)?.title ?? id).join(' → ');
