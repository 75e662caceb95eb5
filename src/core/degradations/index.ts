import { closest } from 'fastest-levenshtein';
import { AppError } from '../../shared/errors.ts';
import { bicubic } from './bicubic.ts';
import { gaussianBlur, motionBlur } from './blur.ts';
import type { Degradation } from './degradation.ts';
import { haze } from './haze.ts';
import { jpeg } from './jpeg.ts';
import { gaussianNoise, poissonNoise } from './noise.ts';
import { rain } from './rain.ts';

export type { Degradation } from './degradation.ts';

/** All degradations. To add one, add its file and a line here. */
export const degradations: readonly Degradation[] = [
  bicubic,
  gaussianNoise,
  poissonNoise,
  jpeg,
  gaussianBlur,
  motionBlur,
  haze,
  rain,
].map((degradation) => degradation as unknown as Degradation);

/** @throws AppError `not-found`, with the closest name and all available ones. */
export function findDegradation(id: string): Degradation {
  const found = degradations.find((candidate) => candidate.id === id);
  if (found) return found;
  const ids = degradations.map((degradation) => degradation.id);
  throw new AppError(
    'not-found',
    `There is no degradation called "${id}"; did you mean "${closest(id, ids)}"? Choose one of: ${ids.join(', ')}.`,
  );
}
