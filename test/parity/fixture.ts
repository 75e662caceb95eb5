import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { networks } from '../../src/core/networks/index.ts';
import { readSafetensors } from '../../src/core/formats/safetensors.ts';
import type { Weights, WeightTensor } from '../../src/core/formats/weights.ts';

/** One line of `npm run parity`. */
export interface CaseResult {
  name: string;
  case: string;
  [measure: string]: unknown;
  pass: boolean;
}

export const readWeights = (folder: string, file: string): Weights =>
  readSafetensors(readFileSync(join(folder, file))).weights;

export const readMeta = <T>(folder: string): T => JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as T;

/** What a network is called where it is not by the id here. */
const otherNames: Record<string, string> = { esrgan: 'rrdbnet', realesrgan: 'rrdbnet', ffa: 'ffanet' };

/** The network that a fixture's name or a class's name means: `swinir_real`, `FFANet`. */
export function networkId(name: string): string {
  const plain = plainName(name);
  const names = [...networks.map(({ id }) => [plainName(id), id] as const), ...Object.entries(otherNames)];
  const found = names.filter(([candidate]) => plain.startsWith(candidate)).sort(([a], [b]) => b.length - a.length)[0];
  if (!found) throw new Error(`no network is called ${name}`);
  return found[1];
}

/** Arguments of the authors' classes that change nothing about what a trained network computes. */
const withoutEffect = new Set(['drop_rate', 'attn_drop_rate', 'drop_out_rate', 'use_checkpoint', 'norm_layer']);

/** The options here for the arguments of the authors' class; where they have a class for it, we have an option. */
export function networkOptions(name: string, config: Record<string, unknown>): Record<string, unknown> {
  const id = networkId(name);
  const local = /local/i.test(name) ? { local: true } : {};
  const adaptive = /imdn_?as/i.test(name) ? { adaptive: true } : {};
  // The authors' class takes what it is given; their scripts move pictures to [-1, 1] and back, which our network does.
  const range = id === 'dehazeformer' ? { signed: false } : {};
  const known = Object.entries(config).filter(([key]) => !withoutEffect.has(key) || id === 'dehazeformer');
  return { ...local, ...adaptive, ...range, ...Object.fromEntries(known) };
}

const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

export function tensorOf(weights: Weights, name: string): WeightTensor & { data: Float32Array } {
  const tensor = weights.get(name);
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`${name} is missing`);
  return tensor as WeightTensor & { data: Float32Array };
}

/** NCHW → NHWC on the host. */
export function toNhwc({ shape, data }: { shape: number[]; data: Float32Array }): {
  shape: [number, number, number, number];
  data: Float32Array;
} {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const out = new Float32Array(data.length);
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < height * width; i++)
        out[(b * height * width + i) * channels + c] = data[(b * channels + c) * height * width + i] ?? 0;
  return { shape: [batch, height, width, channels], data: out };
}
