import { AppError } from '../../shared/errors.ts';
import type { DataConfig, DegradationStep } from '../../shared/runConfig.ts';
import { parseChain } from '../degradations/chain.ts';
import { permutation } from './order.ts';
import { type DataSet, type DataSource, findClean, findPairs, type Sample } from './pairs.ts';

/** The result of scanning a configuration's folders: training samples, validation samples, and how inputs are made. */
export interface DataPlan {
  train: readonly Sample[];
  trainDegradations: readonly DegradationStep[];
  validation: readonly Sample[];
  validationDegradations: readonly DegradationStep[];
  unmatched: readonly string[];
}

/**
 * Scans the folders of a configuration and holds out the validation samples.
 * @param scale the network's scale (output size over input size)
 * @throws AppError if folders, names, settings or the scale do not fit; the message says what to do.
 */
export async function planData(data: DataConfig, seed: number, scale: number): Promise<DataPlan> {
  const { train: source, validation } = data;
  const train = await findSamples(source, source.degradations, scale);
  const validationDegradations = validation.degradations ?? (validation.input === undefined ? source.degradations : []);
  const degradations = { trainDegradations: source.degradations, validationDegradations };
  if (validation.target !== undefined) {
    const measured = await findSamples(
      { target: validation.target, input: validation.input },
      validationDegradations,
      scale,
    );
    return {
      ...degradations,
      train: train.samples,
      validation: spread(measured.samples, validation.count),
      unmatched: [...train.unmatched, ...measured.unmatched],
    };
  }
  checkSetApart(data, scale);
  const split = setApart(train.samples, validation.share, seed);
  return {
    ...degradations,
    train: split.train,
    validation: spread(split.validation, validation.count),
    unmatched: train.unmatched,
  };
}

/** Refuses validation settings that only make sense with separate validation folders. */
function checkSetApart({ train, validation }: DataConfig, scale: number): void {
  if (validation.input !== undefined)
    throw new AppError(
      'bad-input',
      'The validation has an input folder but no target folder. Set data.validation.target too.',
    );
  if (!validation.degradations) return;
  if (train.degradations.length === 0) {
    throw new AppError(
      'bad-input',
      'The training set consists of pairs, so data.validation.degradations has no clean pictures to degrade. Remove it, or set data.validation.target.',
    );
  }
  checkDegradations(validation.degradations, scale);
}

/** Pairs, or clean pictures with a chain of degradations that fits the network's scale. */
export async function findSamples(
  source: DataSource,
  degradations: readonly DegradationStep[],
  scale: number,
): Promise<DataSet> {
  if (degradations.length === 0) return findPairs(source, scale);
  if (source.input !== undefined)
    throw new AppError('bad-input', 'An input folder and degradations cannot be combined. Give only one of them.');
  checkDegradations(degradations, scale);
  return findClean(source.target, scale);
}

function checkDegradations(degradations: readonly DegradationStep[], scale: number): void {
  if (degradations.length === 0)
    throw new AppError(
      'bad-input',
      'Validation on clean pictures needs degradations. Remove data.validation.degradations, or name at least one.',
    );
  const { shrink } = parseChain(degradations);
  if (shrink === scale) return;
  const advice =
    scale === 1 ? 'set `enlarge: true` on the bicubic step' : `use one step \`type: bicubic\` with \`scale: ${scale}\``;
  throw new AppError(
    'bad-input',
    `The degradations make pictures ${shrink} times smaller, but the network enlarges them ${scale} times. To make these equal, ${advice}.`,
  );
}

/** Splits by clean pictures, so that no validation picture is used for training, not even with another degradation. */
function setApart(samples: readonly Sample[], share: number, seed: number): { train: Sample[]; validation: Sample[] } {
  const targets = [...new Set(samples.map(({ target }) => target))];
  if (targets.length < 2)
    throw new AppError(
      'bad-input',
      'There is only one clean picture, so none is left for validation. Add more pictures, or give separate validation folders.',
    );
  const count = Math.min(targets.length - 1, Math.max(1, Math.round(share * targets.length)));
  const chosen = new Set(
    [...permutation(targets.length, seed, 'validation')].slice(0, count).map((index) => targets[index]),
  );
  return {
    train: samples.filter(({ target }) => !chosen.has(target)),
    validation: samples.filter(({ target }) => chosen.has(target)),
  };
}

/** At most `count`, spread evenly over the list: the first pictures of a data set often show the same scene. */
export function spread(samples: readonly Sample[], count: number): Sample[] {
  const step = Math.max(1, samples.length / count);
  return Array.from({ length: Math.min(count, samples.length) }, (_, i) => samples[Math.floor(i * step)] as Sample);
}
