import { createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { Home } from '../app/home.ts';
import { isLicence } from './modelCard.ts';
import { addModel, listModels, type ModelCard } from './models.ts';

/** A restoration model published by others as a package; downloaded on request only. */
export interface ModelPack {
  /** The name in `mcir models add pack:NAME`. */
  id: string;
  title: string;
  description: string;
  package: string;
  version: string;
  /** Integrity of the package as published on npm; a package that differs is not used. */
  integrity: string;
  /** Size of the package. More bytes are never accepted. */
  bytes: number;
  licence: string;
  /** Folder of the model inside the package. */
  folder: string;
  graph: { range: number; multipleOf: number };
}

const maxim = (name: string, task: string, integrity: string, bytes: number): ModelPack => ({
  id: `maxim-${name}`,
  title: `MAXIM ${task}`,
  description: `${task} with MAXIM (Tu et al., CVPR 2022), as UpscalerJS publishes it.`,
  package: `@upscalerjs/maxim-${name}`,
  version: '0.1.0',
  integrity: `sha512-${integrity}`,
  bytes,
  licence: 'MIT',
  folder: 'models',
  graph: { range: 1, multipleOf: 64 },
});

const esrgan = (size: string, range: number, integrity: string, bytes: number): ModelPack[] =>
  [2, 3, 4, 8].map((scale) => ({
    id: `esrgan-${size}-x${scale}`,
    title: `ESRGAN ${size} x${scale}`,
    description: `Enlarges pictures ${scale} times with a ${size} ESRGAN, as UpscalerJS publishes it.`,
    package: `@upscalerjs/esrgan-${size}`,
    version: '1.0.0',
    integrity: `sha512-${integrity}`,
    bytes,
    licence: 'MIT',
    folder: `models/x${scale}`,
    graph: { range, multipleOf: 1 },
  }));

/**
 * Two of the older ESRGAN models. The package declares 0 to 255 for the small one, but it restores better given 0 to 1
 * (docs/results.md); its div2k models restore worse than bicubic interpolation either way and are left out.
 */
const legacy = (name: string, folder: string, scale: number, task: string): ModelPack => ({
  id: `esrgan-legacy-${name}-x${scale}`,
  title: `ESRGAN legacy ${name} x${scale}`,
  description: `${task}, as UpscalerJS publishes it.`,
  package: '@upscalerjs/esrgan-legacy',
  version: '1.0.0',
  integrity: 'sha512-05gqt3U2BH/d2jq8Oy13QPk8JPZrK6ylhaqGiIThHiOtkld+0xDTXl6FavhObPwODq0hal6m/AlEaHKv35pD8Q==',
  bytes: 14_004_791,
  licence: 'MIT',
  folder: `models/${folder}`,
  graph: { range: 1, multipleOf: 1 },
});

/** Packages by version and integrity, so that everybody gets exactly what was reviewed. */
export const modelPacks: readonly ModelPack[] = [
  maxim(
    'dehazing-indoor',
    'Dehazing (indoor)',
    'bNLPXbZ80Kv5MBnbrx2bRiP8W4MkXUsvVWwKtO46o4sAxxMJX3obUrH6YKzeMkwhwIt5CZmilNqrurKcq3wLDA==',
    53_805_182,
  ),
  maxim(
    'dehazing-outdoor',
    'Dehazing (outdoor)',
    'vOPYJU2vqe3gdBDgwfCu1rO6bpBILrXy6e6uFuC0WdcOOvjyWCIT75m5yZXW+egtC9Z9MSBu9s8+sHCFj0fZnA==',
    53_387_173,
  ),
  maxim(
    'deraining',
    'Deraining',
    '+nCU/d+8elGa7Vpr6Cer5ILA0lZHNvHcIxuTQCtjjFZIm6d9OiQJqkrQ8QZVh4+83nQNsfjolP7SVADMYUbz9g==',
    53_415_066,
  ),
  maxim(
    'denoising',
    'Denoising',
    '5dPkqYC1b9C8O+7trTjnB/mXf/N7jxI69B2tT97sqPclYQ5cWThAifn7KHXyzyyLeUfuM4lxqbPS/qMMr6p0eA==',
    83_029_800,
  ),
  maxim(
    'deblurring',
    'Deblurring',
    'tq9AP/6E3vVAkPcYDlSNop1lax0KT6wcxZQ5z01OcD/CVbQOPrNJLZOWv56lDncOQ+eXlJzgNqL+/h8Oogi9mw==',
    83_613_744,
  ),
  maxim(
    'enhancement',
    'Low-light enhancement',
    'z36ih4TfMMnX/CaMkXYxpAg8Z3IOtYJMX3Z5zdE5dUe392JTAoa3k4AIHEZmHJ/7SY/4NPTA7+go1Soz4q5cQA==',
    53_844_881,
  ),
  maxim(
    'retouching',
    'Retouching',
    'fQP2VDHnytEhJBCEVdnDsmKnzy0kvBwUYOeFk8eBSEvgaZZ3tm+1mMW+nmLCJAEPRt4PwblnvcKNH41SmZO1+Q==',
    54_319_761,
  ),
  ...esrgan(
    'slim',
    255,
    'DXtwn5SE71+pZKluN/hGeLaZv6ZylyFQYSvMqU08kKCEA5Y9Q1cIIk4EvPTPZw8VqGi2C6F02c8OjhtId4BK2w==',
    4_357_056,
  ),
  ...esrgan(
    'medium',
    255,
    'Z8JnR87sgetPABKevasXST3FdnXhaoTu9zpXnu3KLaHYpYStVt0FD1VZS9c6jhSGMBC0H929gN9RbWl+MeisKA==',
    11_361_705,
  ),
  ...esrgan(
    'thick',
    1,
    'Xt7LAEa1WYVdU8teye1A2J3T2ylb3ihlU/x01x1ieM7zZh5FzTll6fwmeUC82mkztWloGZM65KdSEWOmhlXOdw==',
    110_294_929,
  ),
  legacy('small', 'psnr-small', 2, 'Doubles pictures with a small ESRGAN trained for accuracy'),
  legacy('gans', 'gans', 4, 'Enlarges pictures 4 times with an ESRGAN trained to invent detail'),
];

/** Progress and cancellation of a download. */
export interface FetchOptions {
  /** Called with the number of bytes received so far. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
}

/**
 * Adds a pack by its name.
 * @throws AppError `not-found` for an unknown name, or as {@link installPack}.
 */
export async function addPack(id: string, home: Home, options: FetchOptions = {}): Promise<ModelCard> {
  const pack = modelPacks.find((candidate) => candidate.id === id);
  if (!pack)
    throw new AppError(
      'not-found',
      `There is no model pack "${id}". Choose one of: ${modelPacks.map((p) => p.id).join(', ')}.`,
    );
  return installPack(pack, home, options);
}

/** The added model of a pack, if it was downloaded. */
export function installedPack(pack: ModelPack, cards: readonly ModelCard[]): ModelCard | undefined {
  return cards.find((card) => card.source === sourceOf(pack) && card.title === pack.title);
}

/**
 * Downloads a pack with npm's own library, checks its integrity and adds its model; after that it works offline. No
 * code from the package is run. A pack that is already there is not downloaded again.
 * @throws AppError `io` if it cannot be downloaded, `bad-input` if it is not the published package, `cancelled`
 */
export async function installPack(pack: ModelPack, home: Home, options: FetchOptions = {}): Promise<ModelCard> {
  const known = installedPack(pack, await listModels(home));
  if (known) return known;
  const folder = await mkdtemp(join(tmpdir(), 'mcir-pack-'));
  try {
    const unpacked = join(folder, 'package');
    await fetchPackage(pack, folder, unpacked, options);
    const { id: name, title, description, licence, graph } = pack;
    const card = await addModel(join(unpacked, pack.folder, 'model.json'), home, {
      name,
      title,
      description,
      licence,
      graph,
      source: sourceOf(pack),
    });
    await keepLicence(unpacked, join(home.models, card.id));
    return card;
  } finally {
    // A cancelled download may still be writing there. The system clears its temporary folder.
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch(() => undefined);
  }
}

const sourceOf = (pack: ModelPack): string => `${pack.package}@${pack.version}`;

/** Downloads the archive into `folder`, counting its bytes, and unpacks it; both steps check its integrity. */
async function fetchPackage(
  pack: ModelPack,
  folder: string,
  destination: string,
  { onProgress, signal }: FetchOptions,
): Promise<void> {
  const { package: name, integrity } = pack;
  const registry = process.env['npm_config_registry'];
  const archive = join(folder, 'package.tgz');
  const settings = { integrity, cache: join(folder, 'cache') };
  let bytes = 0;
  // Loaded late because it takes a fifth of a second, which would slow every start.
  const { default: pacote } = await import('pacote');
  try {
    await pacote.tarball.stream(
      sourceOf(pack),
      (stream) => {
        const bounded = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
          bytes = 0;
          for await (const chunk of chunks) {
            bytes += chunk.length;
            if (bytes > pack.bytes) throw new AppError('bad-input', notPublished(name));
            onProgress?.(bytes);
            yield chunk;
          }
        };
        return pipeline(stream, bounded, createWriteStream(archive), { ...(signal && { signal }) });
      },
      { ...settings, ...(registry && { registry }) },
    );
    await pacote.extract(`file:${archive}`, destination, settings);
  } catch (error) {
    if (signal?.aborted) throw new AppError('cancelled', `The download of ${pack.title} was cancelled.`);
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof AppError) throw error;
    if (code === 'EINTEGRITY') throw new AppError('bad-input', notPublished(name), { cause: error });
    throw new AppError(
      'io',
      `${name} could not be downloaded: ${messageOf(error)}. Check the connection and try again.`,
      {
        cause: error,
      },
    );
  }
}

const notPublished = (name: string): string =>
  `The download of ${name} does not match the published package and was deleted. Try again later.`;

async function keepLicence(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) if (isLicence(name)) await copyFile(join(from, name), join(to, name));
}
