import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, dropPaths, openStudio, type OpenStudio } from './studio.ts';

const count = 300;
const first = 'photos/001.png';
const second = 'photos/002.png';
const last = `photos/${count}.png`;

/** A folder of many pictures: rows come and go while somebody scrolls. */
describe.skipIf(!chromiumPath)('the grid in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  beforeAll(async () => {
    studio = await openStudio();
    const photos = join(studio.folder, 'photos');
    await mkdir(photos);
    const one = join(studio.folder, 'one.png');
    await sharp({ create: { width: 64, height: 48, channels: 3, background: '#357' } })
      .png()
      .toFile(one);
    for (let i = 1; i <= count; i++) await copyFile(one, join(photos, `${String(i).padStart(3, '0')}.png`));
    await dropPaths(studio.page, [photos]);
    await studio.page.getByText(`${count} pictures`, { exact: true }).waitFor();
  });
  afterAll(() => studio.close());

  test('who scrolls fast to the end asks for few thumbnails on the way, and sees all of those at the end', async () => {
    const { page } = studio;
    let asked = 0;
    page.on('request', (request) => (asked += request.url().includes('/picture/') ? 1 : 0));
    await page.mouse.move(500, 400);
    const end = page.getByRole('option', { name: last, exact: true });
    // Two screens in each frame, as the wheel of a mouse that spins freely.
    await page.getByRole('listbox', { name: 'Pictures' }).evaluate(async ({ parentElement: scroller }) => {
      for (let top = 0; scroller && top < scroller.scrollHeight; top += 1500) {
        scroller.scrollTop = top;
        await new Promise(requestAnimationFrame);
      }
      scroller?.scrollTo(0, scroller.scrollHeight);
    });
    await end.locator('img').waitFor();
    expect(asked).toBeLessThan(count / 2);
    expect(await end.getAttribute('aria-posinset')).toBe(`${count}`);
    await expect.poll(() => shown(studio)).toEqual({ loaded: true, right: true });
    await page.mouse.wheel(0, -700);
    await expect.poll(() => shown(studio)).toEqual({ loaded: true, right: true });
  });

  test('the arrows go on from the current picture, also where it was scrolled out of sight', async () => {
    const { page } = studio;
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);
    await page.getByRole('option').last().focus();
    await page.keyboard.press('Home');
    await expect.poll(focused).toBe(first);
    await page.mouse.wheel(0, 6000);
    await page.getByRole('option', { name: first, exact: true }).waitFor({ state: 'detached' });
    expect(await focused()).toBe('Pictures');
    await page.keyboard.press('ArrowRight');
    await expect.poll(focused).toBe(second);
    await page.keyboard.press('End');
    await expect.poll(focused).toBe(last);
    await page.keyboard.press(' ');
    await page.getByText(`1 of ${count} pictures selected`).waitFor();
    expect(await page.locator('.tile[aria-selected="true"]').getAttribute('aria-label')).toBe(last);
  });
});

/** Whether all tiles in sight show a thumbnail, each its own. */
const shown = ({ page }: OpenStudio): Promise<{ loaded: boolean; right: boolean }> =>
  page.evaluate(() => {
    const tiles = [...document.querySelectorAll<HTMLElement>('.tile')].filter(
      (tile) => tile.getBoundingClientRect().top < innerHeight && tile.getBoundingClientRect().bottom > 0,
    );
    const pictures = tiles.map((tile) => tile.querySelector('img'));
    return {
      loaded: tiles.length > 0 && pictures.every((picture) => picture?.complete === true && picture.naturalWidth > 0),
      right: tiles.every((tile, i) => pictures[i]?.src.includes(tile.dataset['id'] ?? '-') === true),
    };
  });
