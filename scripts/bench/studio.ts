import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from '@playwright/test';
import sharp from 'sharp';
import buildPage from '../../test/e2e/buildPage.ts';
import { dropPaths, newPage, openBrowser, serve } from '../../test/e2e/studio.ts';
import { PictureReaders } from '../../src/services/pictures/pictureReaders.ts';
import { Thumbnails } from '../../src/services/pictures/thumbnails.ts';
import { thumbnailSize } from '../../src/shared/contract/restoring.ts';
import { watchFrames, type Smoothness } from './frames.ts';
import { median } from './median.ts';

/**
 * `npm run bench:studio`: how fast the studio is in Chromium over loopback, as one JSON object. Measures from server
 * start to a usable window; from a drop to the first thumbnail; scrolling through many pictures, before and after their
 * thumbnails are made; calls and frames while the guided sample trains; and from the first start to a picture that its
 * model has restored. `--keep FOLDER` keeps the pictures and their thumbnails for the next run.
 */
const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '10000' },
    starts: { type: 'string', default: '5' },
    only: { type: 'string', default: 'start,drop,scroll,train' },
    keep: { type: 'string' },
  },
});
const wanted = values.only.split(',');

/** Opens the studio over a new data folder or the given one, with or without the welcome screen. */
async function inStudio<Result>(
  browser: Browser,
  folder: string,
  welcomed: boolean,
  use: (page: Page, sinceStart: () => number) => Promise<Result>,
  kept?: string,
): Promise<Result> {
  const home = kept ?? (await mkdtemp(join(folder, 'home-')));
  await writeFile(join(home, 'settings.json'), JSON.stringify({ welcomed }));
  const page = await newPage(browser);
  const began = performance.now();
  const server = await serve(home);
  try {
    await page.goto(server.address);
    return await use(page, () => performance.now() - began);
  } finally {
    await page.context().close();
    await server.stop();
  }
}

/** Milliseconds until pictures can be dropped. */
const start = (browser: Browser, folder: string): Promise<number> =>
  inStudio(browser, folder, true, async (page, sinceStart) => {
    await page.getByText('Drop photographs or folders here').waitFor();
    return sinceStart();
  });

/** A photograph of the given size with some grain. */
async function photograph(path: string, width: number, height: number, quality: number): Promise<void> {
  const grain = await sharp({
    create: {
      width: Math.ceil(width / 4),
      height: Math.ceil(height / 4),
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
    .png()
    .toBuffer();
  await sharp(grain).resize(width, height).jpeg({ quality }).toFile(path);
}

/** Milliseconds from the drop of a folder to its first thumbnail, as the page sees them. */
async function drop(browser: Browser, folder: string, photos: string): Promise<number> {
  return inStudio(browser, folder, true, async (page) => {
    await page.getByText('Drop photographs or folders here').waitFor();
    const seen = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          window.addEventListener(
            'drop',
            () => {
              const began = performance.now();
              const look = (): void => {
                const first = document.querySelector<HTMLImageElement>('.tile img');
                if (first?.complete && first.naturalWidth > 0) resolve(performance.now() - began);
                else requestAnimationFrame(look);
              };
              look();
            },
            { capture: true, once: true },
          );
        }),
    );
    await dropPaths(page, [photos]);
    return seen;
  });
}

/** Turns the wheel by a number of pixels at a time, from one end of the list to the other or for a number of turns. */
async function scroll(page: Page, step: number, turns = Infinity): Promise<Smoothness> {
  await page.mouse.move(500, 400);
  return watchFrames(page, async () => {
    const height = await page.getByRole('listbox', { name: 'Pictures' }).evaluate((list) => list.clientHeight);
    for (let turn = 0; turn < Math.min(turns, height / Math.abs(step)); turn++) {
      await page.mouse.wheel(0, step);
      await page.waitForTimeout(16);
    }
  });
}
/** Two screens at a time, too fast to see a picture; and a speed at which each one is visible. */
const wheel = { fast: 1500, slow: 60 };

/** A folder of many pictures with different names, and a data folder that already has their thumbnails. */
async function manyPictures(folder: string): Promise<{ photos: string; home: string }> {
  const photos = join(folder, `many-${values.pictures}`);
  const home = join(folder, `home-${values.pictures}`);
  if (!existsSync(home)) {
    await mkdir(photos, { recursive: true });
    await photograph(join(folder, 'one.jpg'), 450, 300, 60);
    const paths = Array.from({ length: Number(values.pictures) }, (_, i) =>
      join(photos, `${String(i).padStart(5, '0')}.jpg`),
    );
    // Copies, because a link to the same file would count as the same picture.
    for (const path of paths) await copyFile(join(folder, 'one.jpg'), path);
    const making = `${home}.making`;
    await mkdir(join(making, 'cache'), { recursive: true });
    const readers = new PictureReaders();
    const thumbnails = new Thumbnails(join(making, 'cache'), readers);
    await Promise.all(paths.map((path) => thumbnails.serve(path, thumbnailSize)));
    thumbnails.close();
    await readers.end();
    await rename(making, home);
  }
  return { photos, home };
}

/** Adds the pictures and scrolls through them. */
const goThrough = (browser: Browser, folder: string, photos: string, home?: string): Promise<object> =>
  inStudio(
    browser,
    folder,
    true,
    async (page, sinceStart) => {
      await page.getByRole('button', { name: 'Add a folder…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: '/', exact: true }).click();
      for (const part of photos.split('/').filter(Boolean))
        await dialog.getByRole('button', { name: part, exact: true }).click();
      await dialog.getByText(photos, { exact: true }).waitFor();
      let adding = sinceStart();
      const added = await watchFrames(page, async () => {
        await dialog.getByRole('button', { name: 'Choose this folder' }).click();
        await page.getByText(`${values.pictures} pictures`, { exact: true }).waitFor();
        adding = sinceStart() - adding;
      });
      return {
        addingMs: adding,
        added,
        slow: await scroll(page, wheel.slow, 500),
        down: await scroll(page, wheel.fast),
        up: await scroll(page, -wheel.fast),
      };
    },
    home,
  );

/** Milliseconds of each of many calls. */
const callTimes = (page: Page): Promise<number[]> =>
  page.evaluate(async () => {
    const times: number[] = [];
    for (let i = 0; i < 100; i++) {
      const began = performance.now();
      await (
        await fetch('api/runs.list', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
      ).text();
      times.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return times;
  });

const train = (browser: Browser, folder: string): Promise<object> =>
  inStudio(browser, folder, false, async (page, sinceStart) => {
    await page.getByRole('button', { name: 'Show me' }).click();
    await page.getByText(/samples\/s/).waitFor({ timeout: 120_000 });
    const liveAfterMs = sinceStart();
    const times = await callTimes(page);
    const smooth = await watchFrames(page, () => page.waitForTimeout(5000));
    await page.getByRole('navigation').getByRole('link', { name: 'Restore' }).click();
    await page.getByRole('option').first().click();
    await page.getByText(/pixels in/).waitFor({ timeout: 120_000 });
    const restoredAfterMs = sinceStart();
    const step = (): Promise<string> => page.getByRole('navigation').getByText(/ %$/).innerText();
    const trainedWhenRestored = await step();
    await page.getByRole('navigation').getByText(/ %$/).waitFor({ state: 'hidden', timeout: 600_000 });
    return {
      liveAfterMs,
      callMs: { median: median(times), longest: Math.max(...times) },
      smooth,
      restoredAfterMs,
      trainedWhenRestored,
      finishedAfterMs: sinceStart(),
    };
  });

const folder = await mkdtemp(join(tmpdir(), 'mcir-bench-'));
// As in `npm start`; the very first start, which compiles, is not counted.
process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled');
await buildPage();
const browser = await openBrowser();
const figures: Record<string, unknown> = {};
try {
  if (wanted.includes('start')) {
    await start(browser, folder);
    const times: number[] = [];
    for (let i = 0; i < Number(values.starts); i++) times.push(await start(browser, folder));
    figures['startMs'] = { median: median(times), longest: Math.max(...times) };
  }
  if (wanted.includes('drop')) {
    const photos = join(folder, 'photos');
    await mkdir(photos);
    await photograph(join(photos, 'first.jpg'), 4000, 3000, 92);
    for (let i = 1; i < 20; i++) await copyFile(join(photos, 'first.jpg'), join(photos, `more-${i}.jpg`));
    const times: number[] = [];
    for (let i = 0; i < Number(values.starts); i++) times.push(await drop(browser, folder, photos));
    figures['firstThumbnailMs'] = { median: median(times), longest: Math.max(...times) };
  }
  if (wanted.includes('scroll')) {
    const { photos, home } = await manyPictures(values.keep ?? folder);
    figures['scroll'] = {
      withoutThumbnails: await goThrough(browser, folder, photos),
      withThumbnails: await goThrough(browser, folder, photos, home),
    };
  }
  if (wanted.includes('train')) figures['train'] = await train(browser, folder);
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(
  `${JSON.stringify(figures, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value), 1)}\n`,
);
