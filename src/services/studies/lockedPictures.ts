import { createHash } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { decodePicture } from '../../core/data/decode.ts';
import { findPairs, findClean } from '../../core/data/pairs.ts';
import { planData, spread } from '../../core/data/plan.ts';
import { applyChain, parseChain } from '../../core/degradations/chain.ts';
import { hashFile } from '../../core/files/hashFile.ts';
import { findNetwork } from '../../core/networks/index.ts';
import { cropPicture, type Region } from '../../core/pictures/crop.ts';

import { AppError } from '../../shared/errors.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { StudyFile, StudyPlan } from '../../shared/studies.ts';
import { encodePng } from '../../core/pictures/encodePng.ts';

type Locked = StudyPlan['final']['files'];

/**
 * Copies or makes the final pairs in a folder of the study, so that later changes elsewhere do not affect them, and
 * hashes them. Inputs that are made depend only on the pictures' names.
 * @param into a folder that does not exist yet
 */
export async function lockFinal(study: StudyFile, config: RunConfig, into: string): Promise<StudyPlan['final']> {
  const { network, data } = config;
  const scale = findNetwork(network.type).scale(findNetwork(network.type).options.parse(network.options));
  const [input, target] = [join(into, 'input'), join(into, 'target')];
  for (const folder of [input, target]) await mkdir(folder, { recursive: true });
  const { final } = study;
  const degradations = final.degradations ?? (final.input === undefined ? data.train.degradations : []);
  const found = degradations.length > 0 ? await findClean(final.target, scale) : await findPairs(final, scale);
  const samples = spread(found.samples, final.count ?? found.samples.length);
  if (samples.length === 0) throw new AppError('bad-input', 'No final pictures were found. Choose another folder.');
  const names = new Set<string>();
  for (const [i, sample] of samples.entries()) {
    const plain = basename(sample.name, extname(sample.name));
    const name = names.has(plain) ? `${plain}-${i}` : plain;
    names.add(name);
    if (sample.input !== undefined) {
      await copyFile(sample.input, join(input, `${name}${extname(sample.input)}`));
      await copyFile(sample.target, join(target, `${name}${extname(sample.target)}`));
      continue;
    }
    const whole = await decodePicture(sample.target);
    const clean = cropPicture(whole, centre(whole, final.size, scale));
    await writeFile(join(target, `${name}.png`), await encodePng(clean));
    const degraded = await applyChain(parseChain(degradations), clean, ['final pictures', name]);
    await writeFile(join(input, `${name}.png`), await encodePng(degraded));
  }
  // Hash of the original: the same picture is recognised in another study, whatever was made of it.
  const files = await hashAll(samples.map(({ name, target: file }) => ({ name, file })));
  const made = await findPairs({ input, target }, scale);
  const pairs = made.samples.flatMap(({ name, input: lq, target: gt }) => [
    { name: `input/${name}`, file: lq ?? gt },
    { name: `target/${name}`, file: gt },
  ]);
  return { input, target, hash: listHash(await hashAll(pairs)), files };
}

/** The centre of a picture with the requested size; its sides are multiples of the scale. */
function centre({ width, height }: { width: number; height: number }, size: number | undefined, scale: number): Region {
  const side = (whole: number): number => Math.floor(Math.min(whole, size ?? whole) / scale) * scale;
  const at = (whole: number): number => (size === undefined ? 0 : Math.floor((whole - side(whole)) / 2));
  return { x: at(width), y: at(height), width: side(width), height: side(height) };
}

/**
 * All pictures on which the runs are measured during training, and all that they are trained on. If validation pictures
 * are held out of the training pictures, each seed holds out different ones, and all of them are listed.
 */
export async function lockTuning(
  { network, data }: RunConfig,
  seeds: readonly number[],
): Promise<{ tuning: StudyPlan['tuning']; seen: Locked }> {
  const definition = findNetwork(network.type);
  const scale = definition.scale(definition.options.parse(network.options));
  const plans = await Promise.all(seeds.map((seed) => planData(data, seed, scale)));
  const hashes = (samples: readonly { name: string; target: string }[]): Promise<Locked> =>
    hashAll([...new Map(samples.map(({ name, target: file }) => [file, { name, file }])).values()]);
  const files = await hashes(plans.flatMap(({ validation }) => validation));
  return {
    tuning: { hash: listHash(files), files },
    seen: await hashes(plans.flatMap(({ train, validation }) => [...train, ...validation])),
  };
}

/** @throws AppError `bad-input` if a final picture is also used for training or measured during training */
export function refuseOverlap(final: Locked, others: Locked): void {
  const known = new Map(others.map(({ sha256, name }) => [sha256, name]));
  const both = final.filter(({ sha256 }) => known.has(sha256));
  if (both.length > 0)
    throw new AppError(
      'bad-input',
      `${both.length} of the final pictures are also used for training, for example ${both[0]?.name}. Choose final pictures that no training uses.`,
    );
}

const hashAll = (files: readonly { name: string; file: string }[]): Promise<Locked> =>
  Promise.all(files.map(async ({ name, file }) => ({ name, sha256: await hashFile(file) })));

/** One hash over a list of names and contents. */
export const listHash = (files: Locked): string =>
  createHash('sha256')
    .update(files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''))
    .digest('hex');

/** Hashes the pairs of a study again. @throws AppError `conflict` if they have changed since the study began */
export async function checkFinal({ input, target, hash }: StudyPlan['final'], scale: number): Promise<void> {
  const { samples } = await findPairs({ input, target }, scale);
  const pairs = samples.flatMap(({ name, input: lq, target: gt }) => [
    { name: `input/${name}`, file: lq ?? gt },
    { name: `target/${name}`, file: gt },
  ]);
  if (listHash(await hashAll(pairs)) !== hash)
    throw new AppError('conflict', 'The final pictures have changed since the study began. Start a new study.');
}
