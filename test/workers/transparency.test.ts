import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { openHome } from '../../src/services/app/home.ts';
import { findModel } from '../../src/services/restoring/restoreModel.ts';
import { RestoreWorker } from '../../src/services/restoring/restoreWorker.ts';
import { effect, exportSettings } from '../../src/shared/batches.ts';
import { temporaryFolder } from '../photographs.ts';
import { seededModel } from '../seededModels.ts';
import { describeWithShared, shared } from '../shared.ts';

const folder = temporaryFolder();
const SIDE = 100;
const RADIUS = 34.3;
const CENTRE = 49.6;

/** Share of a pixel that a disc covers, from 8 x 8 samples: an edge as drawing programs make it. */
function coverage(x: number, y: number, scale: number): number {
  const distance = Math.hypot((x + 0.5) / scale - CENTRE, (y + 0.5) / scale - CENTRE) - RADIUS;
  if (Math.abs(distance) > 1) return distance < 0 ? 1 : 0;
  let inside = 0;
  for (let i = 0; i < 64; i++)
    inside +=
      Math.hypot((x + ((i % 8) + 0.5) / 8) / scale - CENTRE, (y + ((i >> 3) + 0.5) / 8) / scale - CENTRE) < RADIUS
        ? 1
        : 0;
  return inside / 64;
}

/** Colours that change softly, so that what is continued under transparency is nearly what was cut away. */
const colour = (x: number, y: number): [number, number, number] => [
  200 + 30 * Math.sin(x / 40),
  120 + 40 * Math.cos(y / 50),
  40,
];

/** The disc cut out of the picture, black where nothing is seen, as most programs save it; or the picture whole. */
async function picture(name: string, cutOut: boolean): Promise<string> {
  const channels = cutOut ? 4 : 3;
  const data = new Uint8Array(SIDE * SIDE * channels);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const alpha = coverage(x, y, 1);
      const cut = alpha === 0 ? [0, 0, 0, 0] : [...colour(x, y), alpha * 255];
      const values = cutOut ? cut : colour(x, y);
      data.set(values.map(Math.round), (y * SIDE + x) * channels);
    }
  }
  const file = join(folder, name);
  await sharp(data, { raw: { width: SIDE, height: SIDE, channels } })
    .png()
    .toFile(file);
  return file;
}

/** Restores both through the child process, in tiles: the cut-out with its alpha channel, and the whole picture. */
async function enlarged(model: string): Promise<{ cut: Buffer; whole: Buffer }> {
  const found = await findModel(model, openHome(join(folder, 'home')));
  const worker = new RestoreWorker([found.model]);
  try {
    await worker.opened();
    const pixels: Buffer[] = [];
    for (const [id, cutOut] of [true, false].entries()) {
      const source = await picture(`${id}.png`, cutOut);
      const target = join(folder, `${id}-enlarged.png`);
      await worker.restore(
        {
          id,
          source,
          target,
          folder: join(folder, 'scratch'),
          effect: effect.parse({ tile: 64 }),
          caution: 1,
          export: exportSettings.parse({}),
        },
        () => undefined,
      );
      pixels.push(await sharp(target).raw().toBuffer());
    }
    const [cut, whole] = pixels as [Buffer, Buffer];
    return { cut, whole };
  } finally {
    await worker.end();
  }
}

interface Faults {
  /** Furthest from the colours of the whole picture, of 255, where they are darker (a dark halo) and lighter. */
  black: number;
  white: number;
  /** Furthest that the line of half opacity strays from the circle, in pixels of the result. */
  edge: number;
}

async function faults(model: string): Promise<Faults> {
  const { cut, whole } = await enlarged(model);
  let [black, white] = [0, 0];
  for (let i = 0; i < 4 * SIDE * SIDE; i++) {
    const alpha = cut[i * 4 + 3] as number;
    for (let c = 0; c < 3; c++) {
      // The model's own colours where nothing was cut away, seen through the same opacity.
      const off = (((cut[i * 4 + c] as number) - (whole[i * 3 + c] as number)) * alpha) / 255;
      black = Math.max(black, -off);
      white = Math.max(white, off);
    }
  }
  return { black, white, edge: strayed((x, y) => cut[(y * 2 * SIDE + x) * 4 + 3] as number) };
}

/** Follows the edge all around; between pixels opacity changes linearly. */
function strayed(alpha: (x: number, y: number) => number): number {
  const between = (x: number, y: number): number => {
    const [left, top] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
    const [u, v] = [x - 0.5 - left, y - 0.5 - top];
    return (
      (1 - v) * ((1 - u) * alpha(left, top) + u * alpha(left + 1, top)) +
      v * ((1 - u) * alpha(left, top + 1) + u * alpha(left + 1, top + 1))
    );
  };
  let furthest = 0;
  for (let degrees = 0; degrees < 360; degrees++) {
    const [dx, dy] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    let radius = 2 * RADIUS - 8;
    while (between(2 * CENTRE + radius * dx, 2 * CENTRE + radius * dy) > 127.5) radius += 0.02;
    furthest = Math.max(furthest, Math.abs(radius - 2 * RADIUS));
  }
  return furthest;
}

/** Repeating each pixel strays by 0.7, an ideal edge by 0.1. */
const MOST_STRAYED = 0.33;

async function expectNeitherHaloNorStaircase(model: string): Promise<void> {
  const { black, white, edge } = await faults(model);
  expect(black).toBeLessThan(4);
  expect(white).toBeLessThan(4);
  expect(edge).toBeLessThan(MOST_STRAYED);
}

it('the measure finds a staircase', () => {
  expect(strayed((x, y) => 255 * coverage(x >> 1, y >> 1, 1))).toBeGreaterThan(2 * MOST_STRAYED);
});

it(
  'a cut-out enlarged by a network has neither halo nor staircase, over black and white',
  () => expectNeitherHaloNorStaircase(seededModel(folder, 'edsr')),
  120_000,
);

describeWithShared("IMDN x2 with its authors' weights", 'weights', () => {
  it(
    'leaves a cut-out without halo and staircase, too',
    () => expectNeitherHaloNorStaircase(shared('weights/IMDN_x2.pth')),
    300_000,
  );
});
