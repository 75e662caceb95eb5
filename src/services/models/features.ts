import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type FeatureWeights, neededFeatureWeights, type VggNetwork } from '../../core/losses/vgg.ts';
import { readWeights, readWhole } from '../../core/formats/readWeights.ts';
import { readSafetensors, writeSafetensors } from '../../core/formats/safetensors.ts';
import type { Weights } from '../../core/formats/weights.ts';
import { AppError } from '../../shared/errors.ts';
import type { Home } from '../app/home.ts';
import { sha256 } from './modelFiles.ts';

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
 * names and shapes) for the perceptual losses. Only the convolutions are kept.
 * @throws AppError `bad-input` for any other file.
 */
export async function importFeatures(path: string, home: Home): Promise<ImportedFeatures> {
  const bytes = await readWhole(path);
  const { weights } = await readWeights(bytes);
  const network = (['vgg19', 'vgg16'] as const).find((candidate) => hasConvolutions(weights, candidate));
  if (!network)
    throw new AppError(
      'bad-input',
      `${basename(path)} does not hold torchvision's VGG16 or VGG19. Download vgg16-397923af.pth or vgg19-dcbb9e9d.pth from PyTorch and import that.`,
    );
  const kept: Weights = new Map(
    neededFeatureWeights(network, [LAST_LAYER[network]]).map((name) => [
      name,
      weights.get(name) as NonNullable<ReturnType<Weights['get']>>,
    ]),
  );
  const source = `${basename(path)}, SHA-256 ${sha256(bytes)}`;
  const file = fileOf(network, home);
  await writeFileAtomic(file, Buffer.from(writeSafetensors(kept, { network, source })));
  return { network, source, file };
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
    const features = loadFeatures(network, home);
    return features ? [{ network, source: features.source, file: fileOf(network, home) }] : [];
  });
}

const fileOf = (network: VggNetwork, home: Pick<Home, 'features'>): string =>
  join(home.features, `${network}.safetensors`);

/** All convolutions are there with the widths that each needs from the one before; VGG16 lacks VGG19's last ones. */
function hasConvolutions(weights: Weights, network: VggNetwork): boolean {
  let channels = 3;
  for (const name of neededFeatureWeights(network, [LAST_LAYER[network]])) {
    const tensor = weights.get(name);
    if (tensor?.dtype !== 'float32') return false;
    const [out = 0, into] = tensor.shape;
    if (name.endsWith('.weight')) {
      if (into !== channels || tensor.shape[2] !== 3 || tensor.shape.length !== 4) return false;
      channels = out;
    } else if (tensor.shape.length !== 1 || out !== channels) return false;
  }
  return weights.get('features.0.weight')?.shape.join() === FIRST_SHAPE;
}
