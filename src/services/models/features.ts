import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openFileSource } from '../../core/formats/byteSource.ts';
import type { OpenedWeights } from '../../core/formats/readWeights.ts';
import { readSafetensors, readSafetensorsMetadata } from '../../core/formats/safetensors.ts';
import type { Shapes, Weights, WeightTensor } from '../../core/formats/weights.ts';
import { type FeatureWeights, neededFeatureWeights, type VggNetwork } from '../../core/losses/vgg.ts';
import { AppError } from '../../shared/errors.ts';
import type { Home } from '../app/home.ts';
import { takeInFeatures } from './readModels.ts';

/** The last activation that a loss here may compare; everything up to it is kept. */
const LAST_LAYER: Record<VggNetwork, string> = { vgg16: 'relu5_3', vgg19: 'relu5_4' };
const FIRST_SHAPE = '64,3,3,3';

/** What {@link importFeatures} has stored. */
export interface ImportedFeatures {
  network: VggNetwork;
  source: string;
  file: string;
}

/**
 * Imports torchvision's VGG16 or VGG19 weights (`vgg16-397923af.pth`, `vgg19-dcbb9e9d.pth`, or any file with the same
 * names and shapes) for the perceptual losses. Only the convolutions are kept. A child process reads the file.
 * @throws AppError `bad-input` for any other file.
 */
export async function importFeatures(path: string, home: Home): Promise<ImportedFeatures> {
  const folder = await mkdtemp(join(home.features, '.new-'));
  try {
    const { network, source } = await takeInFeatures(path, folder);
    const file = fileOf(network, home);
    await rename(join(folder, featureFile(network)), file);
    return { network, source, file };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The convolutions of torchvision's VGG in a weights file, found by their names and shapes.
 * @throws AppError `bad-input` for any other file.
 */
export function featuresIn({ shapes, read }: OpenedWeights, path: string): { network: VggNetwork; weights: Weights } {
  const network = (['vgg19', 'vgg16'] as const).find((candidate) => hasConvolutions(shapes, candidate));
  const all = network && read();
  const names = network ? neededFeatureWeights(network, [LAST_LAYER[network]]) : [];
  const kept = names.flatMap((name): [string, WeightTensor][] => {
    const tensor = all?.get(name);
    return tensor?.dtype === 'float32' ? [[name, tensor]] : [];
  });
  if (!network || kept.length !== names.length)
    throw new AppError(
      'bad-input',
      `${basename(path)} does not hold torchvision's VGG16 or VGG19. Download vgg16-397923af.pth or vgg19-dcbb9e9d.pth from PyTorch and import that.`,
    );
  return { network, weights: new Map(kept) };
}

/** The imported weights of a feature network; undefined where none were imported. */
export function loadFeatures(network: VggNetwork, home: Pick<Home, 'features'>): FeatureWeights | undefined {
  const file = fileOf(network, home);
  if (!existsSync(file)) return undefined;
  const { weights, metadata } = readSafetensors(readFileSync(file));
  return { network, weights, source: metadata['source'] ?? basename(file) };
}

/** Which feature networks were imported. */
export function listFeatures(home: Home): ImportedFeatures[] {
  return (['vgg16', 'vgg19'] as const).flatMap((network) => {
    const file = fileOf(network, home);
    if (!existsSync(file)) return [];
    using content = openFileSource(file);
    return [{ network, source: readSafetensorsMetadata(content)['source'] ?? basename(file), file }];
  });
}

/** What an imported network's file is called. */
export const featureFile = (network: VggNetwork): string => `${network}.safetensors`;

const fileOf = (network: VggNetwork, home: Pick<Home, 'features'>): string => join(home.features, featureFile(network));

/** All convolutions are there with the widths that each needs from the one before; VGG16 lacks VGG19's last ones. */
function hasConvolutions(shapes: Shapes, network: VggNetwork): boolean {
  let channels = 3;
  for (const name of neededFeatureWeights(network, [LAST_LAYER[network]])) {
    const shape = shapes.get(name);
    if (!shape) return false;
    const [out = 0, into] = shape;
    if (name.endsWith('.weight')) {
      if (into !== channels || shape[2] !== 3 || shape.length !== 4) return false;
      channels = out;
    } else if (shape.length !== 1 || out !== channels) return false;
  }
  return shapes.get('features.0.weight')?.join() === FIRST_SHAPE;
}
