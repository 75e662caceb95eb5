import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { decodePicture } from '../src/core/data/decode.ts';
import { imresize } from '../src/core/degradations/resize.ts';
import { psnr } from '../src/core/metrics/index.ts';
import { openHome } from '../src/services/app/home.ts';
import { openServices } from '../src/services/app/openServices.ts';
import { findModel } from '../src/services/restoring/restoreModel.ts';
import { collectSources } from '../src/services/restoring/restoreSources.ts';
import { encodePng } from '../src/core/pictures/encodePng.ts';
import { prepareSampleSet } from '../src/services/training/sampleSet.ts';
import { type Sheet, writeSheet } from '../src/services/training/sheets.ts';
import { effect, exportSettings } from '../src/shared/batches.ts';

/**
 * Makes the contact sheet of docs/photographs.md: pictures that the program draws itself, with haze or made smaller,
 * and the results of the given models in a batch: `node scripts/contactSheet.ts [--pictures landscape-03,street-02]
 * [--out FILE] MODEL...`. A model that enlarges gets small pictures, others get hazy ones.
 */
const { values, positionals: refs } = parseArgs({
  options: {
    pictures: { type: 'string', default: 'landscape-03,street-02' },
    out: { type: 'string', default: 'docs/images/contact-sheet.webp' },
  },
  allowPositionals: true,
});
const home = openHome();
const names = values.pictures.split(',').map((name) => `${name}.png`);
const folder = await mkdtemp(join(tmpdir(), 'mcir-sheet-'));
const services = await openServices(home);
const { batches } = services;

/** Restores pictures and returns the results by name. */
async function restore(ref: string, sources: string[]): Promise<Map<string, string>> {
  const { files } = await collectSources(sources, false);
  const { id } = await batches.create(files, [ref], {
    out: join(folder, ref.replaceAll(/\W/g, '-')),
    effect: effect.parse({}),
    export: exportSettings.parse({}),
  });
  await batches.run(id);
  return new Map(
    batches.files(id).map(({ source, output, reason }) => {
      if (output === undefined) throw new Error(`${source}: ${reason}`);
      return [basename(source), output];
    }),
  );
}

/** A row per picture: the models' input, each model's result, and the original. */
async function rows(
  what: string,
  clear: string,
  models: readonly { ref: string; title: string }[],
  inputs: readonly string[],
  shown: (input: string) => Promise<string>,
): Promise<Sheet[]> {
  const results: { title: string; restored: Map<string, string> }[] = [];
  for (const { ref, title } of models) results.push({ title, restored: await restore(ref, [...inputs]) });
  return Promise.all(
    inputs.map(async (input) => {
      const name = basename(input);
      const target = join(clear, name);
      const caption = async (title: string, file: string): Promise<Sheet['columns'][number]> => {
        const decibel = psnr(await decodePicture(file), await decodePicture(target), {
          cropBorder: 0,
          yChannel: false,
        });
        return { caption: `${title}: ${decibel.toFixed(2)} dB`, file };
      };
      const made = results.map(({ title, restored }) => caption(title, restored.get(name) as string));
      return {
        title: basename(name, extname(name)),
        columns: [
          await caption(what, await shown(input)),
          ...(await Promise.all(made)),
          { caption: 'as it was', file: target },
        ],
      };
    }),
  );
}

/**
 * A picture made smaller with MATLAB's filter, and `enlarged` to its original size with the same filter for display.
 */
async function resized(source: string, into: string, factor: { up: number; down: number }): Promise<string> {
  const file = join(folder, into, basename(source));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await encodePng(imresize(await decodePicture(source), factor)));
  return file;
}

try {
  const { clear, hazy } = await prepareSampleSet(home);
  const models = await Promise.all(refs.map(async (ref) => (await findModel(ref, home)).reference));
  const sheets: Sheet[] = [];
  for (const scale of [...new Set(models.map((model) => model.scale))].sort((a, b) => a - b)) {
    const fitting = models.filter((model) => model.scale === scale);
    if (scale === 1)
      sheets.push(
        ...(await rows(
          'with haze',
          clear,
          fitting,
          names.map((name) => join(hazy, name)),
          (input) => Promise.resolve(input),
        )),
      );
    else {
      const small = await Promise.all(
        names.map((name) => resized(join(clear, name), `x${scale}`, { up: 1, down: scale })),
      );
      sheets.push(
        ...(await rows(`1/${scale} of the size, bicubic`, clear, fitting, small, (input) =>
          resized(input, `x${scale} shown`, { up: scale, down: 1 }),
        )),
      );
    }
  }
  const strips = await Promise.all(
    sheets.map(async (sheet, i) => {
      const file = join(folder, `row-${i}.png`);
      await writeSheet(sheet, file);
      return file;
    }),
  );
  await sharp(strips, { join: { across: 1, background: '#1b1e24', halign: 'left' } })
    .webp({ quality: 82 })
    .toFile(values.out);
} finally {
  await services.close();
  await rm(folder, { recursive: true, force: true });
}
