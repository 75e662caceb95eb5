/**
 * Puts a trained run into the models that come with the program: measures it, and writes weights and card to resources/models.
 *
 *     MCIR_HOME=HOME node scripts/models/includeModel.ts --recipe resources/models/denoise.yml --run RUN --sharp FOLDER
 *
 * The pictures in FOLDER must not be among those that the run was trained on; the published figures are of BSD100 (CBSD68).
 */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decodePicture } from '../../src/core/data/decode.ts';
import { applyChain, parseChain } from '../../src/core/degradations/chain.ts';
import { cropPicture } from '../../src/core/pictures/crop.ts';
import { encodePng } from '../../src/core/pictures/encodePng.ts';
import { ChildSettings } from '../../src/services/app/childSettings.ts';
import { openHome } from '../../src/services/app/home.ts';
import { addModel, resolveModel } from '../../src/services/models/models.ts';
import { evaluate } from '../../src/services/training/evaluation.ts';
import type { DegradationStep } from '../../src/shared/runConfig.ts';
import { RunFolder } from '../../src/core/training/runFolder.ts';
import { parse } from 'yaml';
import { runConfig } from '../../src/shared/runConfig.ts';

interface Measure {
  name: string;
  degradations: DegradationStep[];
  /** How many times smaller the input is. */
  scale?: number;
  yChannel?: boolean;
}

/** What each model is measured with, as the published figures are where there are any. */
const measures: Record<string, Measure[]> = {
  denoise: [
    ...[15, 25, 50].map((sigma) => ({
      name: `noise of sigma ${sigma}`,
      degradations: [{ type: 'gaussian-noise', sigma: [sigma, sigma] }],
    })),
    {
      name: 'noise of sigma 15, then JPEG of quality 60',
      degradations: [
        { type: 'gaussian-noise', sigma: [15, 15] },
        { type: 'jpeg', quality: [60, 60] },
      ],
    },
  ],
  dehaze: [
    {
      name: 'haze made with the scattering model',
      degradations: [{ type: 'haze', beta: [0.6, 1.6], airlight: [0.8, 1] }],
    },
  ],
  'enlarge-x2': [{ name: 'twice, on luma', degradations: [{ type: 'bicubic', scale: 2 }], scale: 2, yChannel: true }],
};

const summaries: Record<string, string> = {
  denoise: 'Removes noise of unknown strength (sigma up to 55), with or without JPEG compression. A small NAFNet.',
  dehaze: 'Removes haze, trained on haze made with the atmospheric scattering model. A small NAFNet.',
  'enlarge-x2': 'Makes pictures twice as large. A small EDSR.',
};

const { values } = parseArgs({
  options: {
    recipe: { type: 'string', default: '' },
    run: { type: 'string', default: '' },
    sharp: { type: 'string', default: '' },
  },
});
const id = basename(values.recipe, '.yml');
const wanted = measures[id];
if (!wanted) throw new Error(`No measure is known for "${id}".`);

const home = openHome();
const model = await resolveModel(values.run, home);
if (model.run === undefined) throw new Error(`${values.run} is no run.`);
const config = runConfig.parse(parse(await readFile(new RunFolder(join(home.runs, model.run)).config, 'utf8')));
const top = await mkdtemp(join(tmpdir(), 'mcir-include-'));
const child = new ChildSettings(home).options;

/** Folders with the sharp pictures, cropped to whole multiples of the scale, and their degraded versions. */
async function makePairs({ degradations, scale = 1 }: Measure, at: number): Promise<{ input: string; target: string }> {
  const [input, target] = [join(top, `${at}-input`), join(top, `${at}-target`)];
  await mkdir(input);
  await mkdir(target);
  const chain = parseChain(degradations);
  for (const name of (await readdir(values.sharp)).sort()) {
    const whole = await decodePicture(join(resolve(values.sharp), name));
    const even = (size: number): number => size - (size % scale);
    const clean = cropPicture(whole, { x: 0, y: 0, width: even(whole.width), height: even(whole.height) });
    const file = name.replace(/\.\w+$/, '.png');
    await writeFile(join(target, file), await encodePng(clean));
    await writeFile(join(input, file), await encodePng(await applyChain(chain, clean, [1, name])));
  }
  return { input, target };
}

try {
  const figures: string[] = [];
  for (const [at, measure] of wanted.entries()) {
    const { scale = 1, yChannel = false } = measure;
    const pairs = await makePairs(measure, at);
    const ask = async (ref: string) =>
      (
        await evaluate(
          { home: home.root, model: ref, ...pairs, cropBorder: scale === 1 ? 0 : scale, yChannel },
          undefined,
          child,
        )
      ).mean;
    const restored = await ask(values.run);
    const before = scale === 1 ? ` (before: ${inWords(await ask('identity'))})` : '';
    figures.push(`${measure.name}: ${inWords(restored)}${before}`);
    process.stderr.write(`${figures.at(-1)}\n`);
  }
  const box = openHome(join(top, 'home'));
  const description = [
    summaries[id],
    `Trained with patches of ${config.data.patch} pixels in ${config.steps} steps of ${config.data.batch}, seed ${config.seed}, ${config.mcir ? 'with' : 'without'} MCIR, on the 400 training and test pictures of BSDS500 (free for non-commercial research and education).`,
    `Measured on the ${(await readdir(values.sharp)).length} pictures of BSD100, saved with 8 bits: ${figures.join('; ')}.`,
    `To repeat it: npm run mcir -- train resources/models/${id}.yml --set data.train.target=FOLDER`,
  ].join(' ');
  const card = await addModel(model.file, box, {
    title: config.name,
    description,
    licence: 'MIT',
    source: `resources/models/${id}.yml`,
  });
  const out = resolve('resources/models');
  const { run: _, ...kept } = card;
  await copyFile(join(box.models, card.file), join(out, `${id}.safetensors`));
  await writeFile(
    join(out, `${id}.json`),
    `${JSON.stringify({ ...kept, id, file: `${id}.safetensors` }, undefined, 2)}\n`,
  );
} finally {
  await rm(top, { recursive: true, force: true });
}

function inWords({ psnr, ssim }: { psnr: number | null; ssim: number }): string {
  return `${psnr?.toFixed(2) ?? 'infinite'} dB, SSIM ${ssim.toFixed(4)}`;
}
