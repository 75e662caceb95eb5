import type { Remedy } from '../../shared/contract/models.ts';
import type { Fault } from '../../shared/faults.ts';
import type { Home } from '../app/home.ts';
import { installedPack, type ModelPack, modelPacks } from './modelPacks.ts';
import { listModels, type ModelCard } from './models.ts';

/** A pack as a remedy: the fault it helps against, a name that photographers use, and its scale. */
interface PackRemedy {
  fault: Fault;
  words: string;
  pack: string;
  scale?: number;
}

/** For each fault, the default first. Models that come with the program come before all of these. */
const packRemedies: readonly PackRemedy[] = [
  { fault: 'haze', words: 'hazeOutdoors', pack: 'maxim-dehazing-outdoor' },
  { fault: 'haze', words: 'hazeIndoors', pack: 'maxim-dehazing-indoor' },
  { fault: 'noise', words: 'noise', pack: 'maxim-denoising' },
  { fault: 'blur', words: 'blur', pack: 'maxim-deblurring' },
  { fault: 'rain', words: 'rain', pack: 'maxim-deraining' },
  { fault: 'dark', words: 'dark', pack: 'maxim-enhancement' },
  { fault: 'faded', words: 'faded', pack: 'maxim-retouching' },
  { fault: 'small', words: 'twiceFast', pack: 'esrgan-slim-x2', scale: 2 },
  { fault: 'small', words: 'twiceFine', pack: 'esrgan-thick-x2', scale: 2 },
  { fault: 'small', words: 'fourTimesFast', pack: 'esrgan-slim-x4', scale: 4 },
  { fault: 'small', words: 'fourTimesFine', pack: 'esrgan-thick-x4', scale: 4 },
];

/** Names that photographers use for the program's own models. */
const ownWords: Partial<Record<Fault, string>> = { haze: 'ownHaze', noise: 'ownNoise', small: 'ownTwice' };

/** The fault that a model of the program helps against, by usual words in its name. */
const usualNames: readonly [RegExp, Fault][] = [
  [/haz/, 'haze'],
  [/nois/, 'noise'],
  [/rain/, 'rain'],
  [/blur/, 'blur'],
  [/enlarge|x\d/, 'small'],
];

/**
 * All remedies, each with its model if it was added.
 * @param fetched bytes received so far of a pack that is being downloaded
 */
export async function listRemedies(home: Home, fetched: (pack: string) => number | undefined): Promise<Remedy[]> {
  const cards = await listModels(home);
  const packs = packRemedies.map(({ pack: name, scale = 1, ...rest }): Remedy => {
    const pack = packNamed(name);
    const bytes = fetched(name);
    return {
      ...rest,
      id: name,
      title: pack.title,
      licence: pack.licence,
      bytes: pack.bytes,
      source: `${pack.package}@${pack.version}`,
      scale,
      ...modelOf(installedPack(pack, cards)),
      ...(bytes === undefined ? {} : { fetched: bytes }),
    };
  });
  return [...cards.filter(({ included }) => included).flatMap(asOwn), ...packs];
}

function asOwn({ id, title, licence = '', bytes, scale }: ModelCard): Remedy[] {
  const fault = usualNames.find(([pattern]) => pattern.test(id))?.[1];
  if (!fault) return [];
  return [{ id: `own:${id}`, fault, words: ownWords[fault] ?? 'own', title, licence, bytes, scale, model: id }];
}

const modelOf = (card: ModelCard | undefined): { model?: string } => (card ? { model: card.id } : {});

function packNamed(name: string): ModelPack {
  const pack = modelPacks.find(({ id }) => id === name);
  if (!pack) throw new Error(`There is no pack ${name}.`);
  return pack;
}
