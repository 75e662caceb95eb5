import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { samplePictures } from '../../src/core/data/samplePictures.ts';
import { openHome } from '../../src/services/app/home.ts';
import { findModel } from '../../src/services/restoring/restoreModel.ts';
import { RestoreWorker } from '../../src/services/restoring/restoreWorker.ts';
import { effect, exportSettings } from '../../src/shared/batches.ts';
import { iccProfile, type ProfileName } from '../iccProfiles.ts';
import { installed, readTags, temporaryFolder, writeTags } from '../photographs.ts';
import { seededModel } from '../seededModels.ts';
import { shared } from '../shared.ts';

/**
 * Every kind of photograph there and back, made by ImageMagick and ExifTool and read by them again: with the model that
 * changes nothing, and with a real one. Orientations and metadata go round among the rows. A quarter of the rows by default;
 * `MCIR_TABLE=docs` takes all and writes docs/photographs-table.md, `MCIR_TABLE=full` takes every orientation with and
 * without metadata for each.
 */
interface Row {
  format: 'jpg' | 'png' | 'tif' | 'webp' | 'avif' | 'gif';
  depth: 8 | 16 | 'float';
  profile: ProfileName | 'none' | 'CMYK' | 'CMYK without profile' | 'Lab' | 'grey';
  alpha?: boolean;
  /** What is special about it, and how ImageMagick is told. */
  kind?: 'progressive' | 'tiled' | 'two pages';
  orientation: number;
  metadata: boolean;
}

const rgb = ['none', 'sRGB', 'Display P3', 'Adobe RGB', 'ProPhoto', 'linear'] as const;
const greys = ['grey', 'grey, gamma 2.2', 'grey, linear'] as const;
const kinds: Omit<Row, 'orientation' | 'metadata'>[] = [
  ...[...rgb, ...greys, 'CMYK', 'CMYK without profile'].map((profile) => ({ format: 'jpg', depth: 8, profile }) as Row),
  { format: 'jpg', depth: 8, profile: 'none', kind: 'progressive' },
  ...(['png', 'tif'] as const).flatMap((format) =>
    ([8, 16] as const).flatMap((depth) =>
      [...rgb, ...greys].flatMap((profile) => [false, true].map((alpha) => ({ format, depth, profile, alpha }))),
    ),
  ),
  { format: 'tif', depth: 'float', profile: 'linear' },
  { format: 'tif', depth: 8, profile: 'none', kind: 'tiled' },
  { format: 'tif', depth: 16, profile: 'Adobe RGB', kind: 'two pages' },
  ...(['CMYK', 'Lab'] as const).map(
    (profile) => ({ format: 'tif', depth: profile === 'Lab' ? 16 : 8, profile }) as Row,
  ),
  ...(['webp', 'avif'] as const).flatMap((format) =>
    rgb.flatMap((profile) => [false, true].map((alpha) => ({ format, depth: 8, profile, alpha }) as Row)),
  ),
  { format: 'gif', depth: 8, profile: 'none' },
];
const wanted = process.env['MCIR_TABLE'];
const everything = kinds.flatMap((kind) =>
  [1, 2, 3, 4, 5, 6, 7, 8].flatMap((orientation) =>
    [true, false].map((metadata) => ({ ...kind, orientation, metadata })),
  ),
);
const each = kinds.map((kind, i) => ({ ...kind, orientation: (i % 8) + 1, metadata: i % 3 !== 2 }));
const some = each.filter((_, i) => i % 4 === 1);
const rows: Row[] = { full: everything, docs: each }[wanted ?? ''] ?? some;

const WIDTH = 48;
const HEIGHT = 32;
const folder = temporaryFolder();
const kept = ['IFD0:Artist', 'ExifIFD:ISO', 'GPS:GPSLatitude', 'XMP-dc:Title'];
const results: string[] = [];
let scene: Buffer;
let changesNothing: RestoreWorker;
let real: { worker: RestoreWorker; title: string; scale: number };

const nameOf = ({ format, depth, profile, alpha, kind, orientation, metadata }: Row): string =>
  `${format} ${depth} ${profile}${alpha ? ', alpha' : ''}${kind ? `, ${kind}` : ''}, orientation ${orientation}${metadata ? ', metadata' : ''}`;

describe.skipIf(!installed('convert', '-version') || !installed('exiftool', '-ver'))(
  'every kind of photograph (needs ImageMagick and exiftool)',
  () => {
    beforeAll(async () => {
      mkdirSync(join(folder, 'scratch'));
      const first = (await samplePictures().next()).value as { png: Buffer };
      scene = await sharp(first.png).resize(WIDTH, HEIGHT).png().toBuffer();
      const weights = shared('weights/IMDN_x2.pth');
      const home = openHome(join(folder, 'home'));
      const nothing = await findModel('identity', home);
      const { model, reference } = await findModel(existsSync(weights) ? weights : seededModel(folder, 'edsr'), home);
      changesNothing = new RestoreWorker([nothing.model]);
      real = { worker: new RestoreWorker([model]), title: reference.title, scale: reference.scale };
      await Promise.all([changesNothing.opened(), real.worker.opened()]);
    });

    afterAll(async () => {
      await changesNothing.end();
      await real.worker.end();
      if (process.env['MCIR_TABLE'] === 'docs')
        writeFileSync(new URL('../../docs/photographs-table.md', import.meta.url), document(results));
    });

    test.each(rows.map((row, i) => ({ row, i, name: nameOf(row) })))('$name', async ({ row, i }) => {
      const source = await make(row, i);
      const [before, unchanged, restored] = await Promise.all([
        look(source, row),
        restore(changesNothing, source, row, `${i}-same`),
        restore(real.worker, source, row, `${i}-real`),
      ]);
      const [tagsBefore, ...tagsAfter] = keptTags(source, unchanged.target, restored.target);
      const [same, other, reduced] = await Promise.all([
        look(unchanged.target, row),
        look(restored.target, row),
        look(restored.target, row, before.facts.size),
      ]);

      const difference = furthest(before.pixels, same.pixels);
      expect(difference, 'with the model that changes nothing').toBeLessThanOrEqual(allowed(row));
      for (const [result, scale, tags] of [
        [same, 1, tagsAfter[0]],
        [other, real.scale, tagsAfter[1]],
      ] as const) {
        expect({ ...result.facts, size: undefined }).toEqual({
          ...before.facts,
          ...expectedChange(row),
          size: undefined,
        });
        expect(result.facts.size).toEqual(before.facts.size.map((side) => side * scale));
        expect(tags).toEqual({ ...tagsBefore, 'IFD0:Orientation': 1 });
      }
      const quality = psnr(before.visible, reduced.visible);
      // Learnt weights leave the picture what it was; those that are merely seeded need not.
      if (real.title.includes('IMDN'))
        expect(quality, 'with a real model, reduced to the original size').toBeGreaterThan(25);
      results.push(
        `| ${row.format} | ${row.depth} | ${row.profile} | ${row.orientation} | ${row.alpha ? 'yes' : ''} | ${row.metadata ? 'kept' : 'none'} | ${difference === 0 ? '0' : `${difference} of 65535`} | ${quality.toFixed(1)} dB | ${[row.kind, ...unchanged.warnings].filter(Boolean).join(' ')} |`,
      );
    });
  },
);

/** Makes the file: pixels, depth, profile and kind by ImageMagick (AVIF, which Debian's cannot write, by sharp), tags by ExifTool. */
async function make({ format, depth, profile, alpha, kind, orientation, metadata }: Row, i: number): Promise<string> {
  const [input, file] = [join(folder, 'scene.png'), join(folder, `row-${i}.${format}`)];
  writeFileSync(input, scene);
  const icc = join(folder, `row-${i}.icc`);
  const named =
    profile === 'none' || profile === 'grey' || profile === 'Lab' || profile.startsWith('CMYK') ? undefined : profile;
  if (named) writeFileSync(icc, iccProfile(named as ProfileName));
  if (format === 'avif') {
    const image = alpha ? sharp(input).joinChannel(await sharp(fade()).png().toBuffer()) : sharp(input);
    await (named ? image.withIccProfile(icc) : image).avif({ lossless: true }).toFile(file);
  } else if (profile.startsWith('CMYK') || profile === 'Lab') {
    const image = sharp(input);
    if (profile === 'Lab')
      await image.toColourspace('lab').tiff({ predictor: 'none', compression: 'none' }).toFile(file);
    else
      await (profile === 'CMYK' ? image.withIccProfile('cmyk') : image.toColourspace('cmyk'))
        .toFormat(format === 'tif' ? 'tiff' : 'jpeg')
        .toFile(file);
  } else {
    const fadeFile = join(folder, 'fade.png');
    await sharp(fade()).png().toFile(fadeFile);
    // Noise in the lower bits, so that 16 bits are more than 8 repeated.
    const deep = depth === 8 ? [] : ['-depth', '16', '-evaluate', 'Add', '97'];
    const options = [
      ...deep,
      ...(profile.startsWith('grey') ? ['-colorspace', 'Gray', '-type', 'Grayscale'] : []),
      ...(alpha ? [fadeFile, '-alpha', 'off', '-compose', 'CopyOpacity', '-composite'] : []),
      ...(alpha && profile.startsWith('grey') ? ['-type', 'GrayscaleAlpha'] : []),
      ...(alpha && !profile.startsWith('grey') ? ['-type', 'TrueColorAlpha'] : []),
      ...(!alpha && !profile.startsWith('grey') && format !== 'gif' ? ['-type', 'TrueColor'] : []),
      ...(depth === 'float' ? ['-depth', '32', '-define', 'quantum:format=floating-point'] : []),
      ...(named ? ['-profile', icc] : []),
      ...(kind === 'progressive' ? ['-interlace', 'JPEG'] : []),
      ...(kind === 'tiled' ? ['-define', 'tiff:tile-geometry=16x16'] : []),
      ...(kind === 'two pages' ? ['(', '+clone', '-negate', ')'] : []),
      ...(format === 'webp'
        ? ['-define', 'webp:lossless=true', '-define', 'webp:exact=true']
        : ['-quality', format === 'jpg' ? '95' : '90']),
    ];
    execFileSync('convert', [input, ...options, file]);
  }
  const tags = metadata
    ? ['-EXIF:Artist=Ada', '-EXIF:ISO=200', '-GPSLatitude=48.5', '-GPSLatitudeRef=N', '-XMP-dc:Title=Harbour']
    : [];
  // GIF has no orientation; that of AVIF is part of the picture, not of its tags.
  const turned = format === 'gif' || format === 'avif' ? [] : [`-IFD0:Orientation=${orientation}`];
  if (format !== 'gif' && tags.length + turned.length > 0) writeTags(...turned, ...tags, file);
  return file;
}

/** Opacity from nothing on the left to all on the right. */
function fade(): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"><linearGradient id="g"><stop offset="0.2" stop-color="#000"/><stop offset="0.8" stop-color="#fff"/></linearGradient><rect width="100%" height="100%" fill="url(#g)"/></svg>`,
  );
}

let count = 0;
async function restore(
  worker: RestoreWorker,
  source: string,
  { format }: Row,
  name: string,
): Promise<{ target: string; warnings: readonly string[] }> {
  const target = join(folder, `${name}.${format === 'gif' ? 'png' : format}`);
  const lossless = format === 'webp' || format === 'avif';
  const task = {
    id: ++count,
    source,
    target,
    folder: join(folder, 'scratch'),
    effect: effect.parse({}),
    caution: 1,
    export: exportSettings.parse({ quality: lossless ? 100 : 95 }),
  };
  return { ...(await worker.restore(task, () => undefined)), target };
}

/** What a file is, upright: pixels as 16 bits without applying profiles, and what is beside them. */
async function look(file: string, row: Row, resize?: number[]) {
  const { depth, channels, hasAlpha, icc, space, autoOrient } = await sharp(file).metadata();
  let image = sharp(file, { ignoreIcc: !row.profile.startsWith('CMYK') && row.profile !== 'Lab' }).autoOrient();
  if (resize) image = image.resize(resize[0], resize[1]);
  const grey = space === 'b-w' || space === 'grey16';
  const data = await image
    .toColourspace(grey ? 'grey16' : 'rgb16')
    .raw({ depth: 'ushort' })
    .toBuffer();
  const pixels = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  return {
    facts: {
      depth,
      channels,
      hasAlpha,
      space,
      profile: icc?.toString('base64'),
      size: [autoOrient.width, autoOrient.height],
    },
    pixels,
    visible: hasAlpha ? overBlack(pixels, channels) : pixels,
  };
}

/** Of each file the tags that the rows have, and its orientation. */
function keptTags(...files: string[]): Record<string, unknown>[] {
  return readTags(...files).map((tags) => ({
    ...Object.fromEntries(kept.map((name) => [name, tags[name]])),
    'IFD0:Orientation': tags['IFD0:Orientation'] ?? 1,
  }));
}

/** Colours as they are seen over black: under what cannot be seen they may be anything. */
function overBlack(pixels: Uint16Array, channels: number): Uint16Array {
  return pixels.map((value, i) =>
    (i + 1) % channels === 0 ? value : (value * (pixels[i - (i % channels) + channels - 1] ?? 0)) / 65535,
  );
}

/** What a photograph may not stay: see docs/photographs.md. */
function expectedChange({ format, depth, profile }: Row): Record<string, unknown> {
  if (depth === 'float' || profile === 'Lab') return { depth: 'ushort', space: 'rgb16', profile: undefined };
  return format === 'gif' ? { channels: 3, space: 'srgb' } : {};
}

/** The largest difference that the model that changes nothing may make, of 65535: none, but where the file cannot hold it. */
function allowed({ format, depth, profile }: Row): number {
  if (profile.startsWith('CMYK') || profile === 'Lab') return 48 * 257;
  if (format === 'jpg') return 24 * 257;
  return depth === 'float' ? 1 : 0;
}

const furthest = (a: Uint16Array, b: Uint16Array): number =>
  a.length === b.length ? a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0) : Infinity;

function psnr(a: Uint16Array, b: Uint16Array): number {
  const squares = a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
  return 10 * Math.log10(65535 ** 2 / Math.max(squares / a.length, 1e-9));
}

function document(lines: readonly string[]): string {
  const head = ['format', 'bits', 'profile', 'orientation', 'alpha', 'metadata', 'unchanged', 'restored', ''];
  return [
    '# Every kind of photograph',
    '',
    `Written by \`MCIR_TABLE=docs npx vitest run test/workers/photographTable.test.ts\`. Each row is a file made by ImageMagick and ExifTool that went through the program twice and was read again. *Unchanged*: the largest difference after the model that changes nothing. *Restored*: the PSNR of what ${real.title} made of it, reduced to the original's size, against the original; a higher figure only says that the picture is still itself. In every row depth, channels, profile, transparency and metadata were the original's, the picture was upright and its tag said so, except for what the last column says.`,
    '',
    `| ${head.join(' | ')} |`,
    `|${' --- |'.repeat(head.length)}`,
    ...lines,
    '',
  ].join('\n');
}
