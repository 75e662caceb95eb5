import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { type Listing, listPictures, type Skipped } from './files.ts';
import { recogniseLayout } from './layout.ts';
import { pairNames, splitSides } from './naming.ts';

/** One training sample: a pair, or a clean picture that will be degraded. */
export interface Sample {
  /** Unique in its data set: the path of the degraded picture (or of the clean one, if alone) in its folder. */
  name: string;
  target: string;
  input?: string;
}

/** Content of one or two folders. */
export interface DataSet {
  samples: Sample[];
  /** How pairs were matched, for the user; missing for clean pictures only. */
  convention?: string;
  /** Pictures without a match. */
  unmatched: string[];
  /** Files that are not pictures this program reads. */
  others: string[];
  /** Folders and files that could not be listed, and why. */
  skipped: Skipped[];
}

export interface DataSource {
  /** The clean pictures or, without `input`, possibly the root of a data set with both. */
  target: string;
  input?: string | undefined;
}

/**
 * Finds the pairs of two folders, or of a data set root with a known layout.
 * @param scale how many times smaller the degraded pictures are
 * @throws AppError `bad-input` or `conflict`: what is missing or ambiguous.
 */
export async function findPairs({ target, input }: DataSource, scale = 1): Promise<DataSet> {
  if (input !== undefined) return pairFolders(input, target);
  const layouts = await recogniseLayout(target, scale);
  if (layouts.length === 0) return pairWithin(target, scale);
  const sets: DataSet[] = [];
  for (const layout of layouts) {
    const set = await pairFolders(join(target, layout.input), join(target, layout.target));
    // Scenes number their pictures alike, so the folder is part of the name.
    const folder = layouts.length > 1 ? `${layout.input}/` : '';
    sets.push({ ...set, samples: set.samples.map((sample) => ({ ...sample, name: folder + sample.name })) });
  }
  const conventions = new Set(sets.flatMap(({ convention }) => convention ?? []));
  return {
    samples: sets.flatMap(({ samples }) => samples),
    convention: [...conventions].join('; '),
    unmatched: sets.flatMap(({ unmatched }) => unmatched),
    others: sets.flatMap(({ others }) => others),
    skipped: sets.flatMap(({ skipped }) => skipped),
  };
}

/**
 * Lists a folder of clean pictures that will be degraded.
 * @throws AppError `conflict` if it contains a paired data set, whose degraded pictures would be mistaken for clean
 * ones.
 */
export async function findClean(folder: string, scale = 1): Promise<DataSet> {
  const [layout] = await recogniseLayout(folder, scale);
  if (layout) {
    throw new AppError(
      'conflict',
      `${folder} contains pairs (${layout.input} and ${layout.target}), so no degradations are needed. Leave them out, or give only ${join(folder, layout.target)}.`,
    );
  }
  const listing = await listPictures(folder);
  if (listing.pictures.length === 0)
    throw new AppError(
      'bad-input',
      `There is no picture in ${folder}. Give a folder with PNG, JPEG, WebP, TIFF, AVIF or GIF files.`,
    );
  return {
    samples: listing.pictures.map((name) => ({ name, target: join(folder, name) })),
    unmatched: [],
    others: absolute(listing, listing.others),
    skipped: listing.skipped,
  };
}

async function pairFolders(input: string, target: string): Promise<DataSet> {
  const [inputs, targets] = [await listPictures(input), await listPictures(target)];
  return pairListings(inputs, targets, {
    others: [...absolute(inputs, inputs.others), ...absolute(targets, targets.others)],
    skipped: [...inputs.skipped, ...targets.skipped],
  });
}

/** Both sides are in one folder and are told apart by their names. */
async function pairWithin(folder: string, scale: number): Promise<DataSet> {
  const listing = await listPictures(folder);
  const sides = splitSides(listing);
  if (!sides) {
    const scales: number[] = [];
    for (const other of [2, 3, 4, 8]) if ((await recogniseLayout(folder, other)).length > 0) scales.push(other);
    if (scales.length > 0)
      throw new AppError(
        'bad-input',
        `${folder} has inputs for the scales ${scales.join(', ')}, not for ${scale}. Choose a network, or a folder, of another scale.`,
      );
    throw new AppError(
      'bad-input',
      `The folder structure of ${folder} was not recognised. Also give an input folder, or degradations that make the inputs.`,
    );
  }
  return pairListings(sides.inputs, sides.targets, {
    others: absolute(listing, listing.others),
    skipped: listing.skipped,
  });
}

function pairListings(inputs: Listing, targets: Listing, rest: Pick<DataSet, 'others' | 'skipped'>): DataSet {
  const { rule, pairs, unmatchedInputs, unmatchedTargets } = pairNames(inputs, targets);
  return {
    samples: pairs.map(({ input, target }) => ({
      name: input,
      input: join(inputs.folder, input),
      target: join(targets.folder, target),
    })),
    convention: rule.title,
    unmatched: [...absolute(inputs, unmatchedInputs), ...absolute(targets, unmatchedTargets)],
    ...rest,
  };
}

const absolute = ({ folder }: Listing, names: readonly string[]): string[] => names.map((name) => join(folder, name));
