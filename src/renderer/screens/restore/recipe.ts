import { z } from 'zod';
import type { ModelEntry } from '../../../shared/contract/models.ts';

/** How pictures are restored, apart from how strongly: that is mixed while looking, and needs no restoring. */
export const recipe = z.object({
  /** Ids of the models, in the order of their use. */
  models: z.array(z.string()),
  ensemble: z.boolean(),
  luminance: z.boolean(),
});
export type Recipe = z.output<typeof recipe>;

/** Models, and whatever else changes the result; the same for the same pixels. */
export const recipeKey = ({ models, ensemble, luminance }: Recipe): string =>
  JSON.stringify([models, ensemble, luminance]);

/** Under which a preview is kept: the picture, the recipe and where the effect shows. */
export const previewKey = (picture: string, chosen: Recipe, mask: string | undefined): string =>
  `${picture} ${mask ?? ''} ${recipeKey(chosen)}`;

/** `Denoise → Dehaze`, by the titles of the models. */
export const recipeTitle = ({ models }: Recipe, known: readonly ModelEntry[] | undefined): string =>
  models.map((id) => known?.find((model) => model.id === id)?.title ?? id).join(' → ');
