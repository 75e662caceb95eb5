import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { decodePicture } from '../src/core/data/decode.ts';
import { samplePictures } from '../src/core/data/samplePictures.ts';
import { imresize } from '../src/core/degradations/resize.ts';
import { encodePng } from '../src/core/pictures/encodePng.ts';
import { makePng } from '../src/core/pictures/forScreen.ts';
import { decodeSrgb } from '../src/core/pictures/iccProfile.ts';
import { encodeJxl } from '../src/core/pictures/translate/jxl.ts';
import { openHome } from '../src/services/app/home.ts';
import { openServices } from '../src/services/app/openServices.ts';
import { collectSources } from '../src/services/restoring/restoreSources.ts';
import { writeSheet } from '../src/services/training/sheets.ts';
import { effect, exportSettings } from '../src/shared/batches.ts';
import { writeDng } from '../test/dngs.ts';

/**
 * Makes docs/images/formats.webp: a picture that the program draws, at half its size, as RAW, HEIC and JPEG XL, enlarged by a model that
 * doubles: `node scripts/formatsSheet.ts MODEL [PICTURE]`. Needs heif-enc of libheif.
 */
const [model = '', picture = 'landscape-03.png'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'mcir-formats-'));
const services = await openServices(openHome(join(folder, 'home')));

try {
  let drawn: Uint8Array | undefined;
  for await (const { name, png } of samplePictures()) if (name === picture) drawn = png;
  if (!drawn) throw new Error(`There is no drawn picture ${picture}.`);
  const clear = join(folder, 'clear.png');
  await writeFile(clear, drawn);
  const small = imresize(await decodePicture(clear), { up: 1, down: 2 });
  const { width, height } = small;
  const png = join(folder, 'small.png');
  await writeFile(png, await encodePng(small));

  const at = (name: string): string => join(folder, name);
  const light = (x: number, y: number, c: number): number => {
    const [across, down] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
    return decodeSrgb(Math.min(1, Math.max(0, small.data[(down * width + across) * 3 + c] as number)));
  };
  writeDng(at('raw.dng'), width, height, (x, y) => [light(x, y, 0), light(x, y, 1), light(x, y, 2)]);
  execFileSync('heif-enc', ['-q', '95', png, '-o', at('heic.heic')], { stdio: 'ignore' });
  const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  await writeFile(at('jxl.jxl'), await encodeJxl({ width, height, data, colours: 'rgb', extras: [] }, 95));

  const sources = ['raw.dng', 'heic.heic', 'jxl.jxl'].map(at);
  const { files } = await collectSources(sources, false);
  const { id } = await services.batches.create(files, [model], {
    out: join(folder, 'restored'),
    effect: effect.parse({}),
    export: exportSettings.parse({}),
  });
  await services.batches.run(id);
  const results = new Map(services.batches.files(id).map(({ source, output, reason }) => [source, output ?? reason]));

  const titles = { 'raw.dng': 'RAW (DNG)', 'heic.heic': 'HEIC', 'jxl.jxl': 'JPEG XL' } as Record<string, string>;
  const strips: string[] = [];
  for (const source of sources) {
    const name = basename(source);
    const shown = at(`${name}-shown.png`);
    await sharp(await makePng(source))
      .resize(width * 2, height * 2, { kernel: 'nearest' })
      .toFile(shown);
    const restored = at(`${name}-restored.png`);
    await writeFile(restored, await makePng(results.get(source) as string));
    const strip = at(`${name}-strip.png`);
    await writeSheet(
      {
        title: `${titles[name]}, ${width} x ${height}`,
        columns: [
          { caption: 'the file', file: shown },
          { caption: `restored: ${basename(results.get(source) as string)}`, file: restored },
          { caption: 'as it was drawn', file: clear },
        ],
      },
      strip,
    );
    strips.push(strip);
  }
  await sharp(strips, { join: { across: 1, background: '#1b1e24', halign: 'left' } })
    .resize({ width: 1200, withoutEnlargement: true })
    .webp({ quality: 80 })
    .toFile('docs/images/formats.webp');
} finally {
  await services.close();
  await rm(folder, { recursive: true, force: true });
}
