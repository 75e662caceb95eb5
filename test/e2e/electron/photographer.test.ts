import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture } from '../../../src/core/data/decode.ts';
import { samplePictures } from '../../../src/core/data/samplePictures.ts';
import { applyChain, parseChain } from '../../../src/core/degradations/chain.ts';
import { encodePng } from '../../../src/core/pictures/encodePng.ts';
import en from '../../../src/renderer/i18n/en.json' with { type: 'json' };
import { seriousFindings } from '../studio.ts';
import { answerOpenDialog, openElectron, type ElectronStudio } from './openElectron.ts';

/** A photographer with one hazy photo, from a first start, with the models that come with the program. In order: each test goes on where the one before ended. */
describe('a photographer’s way', () => {
  let studio: ElectronStudio;
  let photos: string;
  let original: Buffer;
  beforeAll(async () => {
    studio = await openElectron({ language: 'en' });
    photos = join(studio.folder, 'photos');
    await mkdir(photos);
    for await (const { png } of samplePictures()) {
      const clear = join(studio.folder, 'clear.png');
      await writeFile(clear, png);
      const thick = parseChain([{ type: 'haze', beta: [1.6, 1.6], airlight: [0.9, 0.9] }]);
      const hazy = await applyChain(thick, await decodePicture(clear), ['photographer']);
      await sharp(await encodePng(hazy))
        .jpeg({ quality: 95 })
        .toFile(join(photos, 'hazy.jpg'));
      break;
    }
    original = await readFile(join(photos, 'hazy.jpg'));
    await studio.page.reload();
    await studio.page.evaluate(() => {
      const clicks: string[] = [];
      Object.assign(window, { clicks });
      const note = (event: MouseEvent): void => {
        const button = (event.target as Element).closest('button');
        clicks.push(button?.innerText.split('\n')[0] ?? '');
      };
      document.addEventListener('click', note, { capture: true });
    });
  });
  afterAll(() => studio.close());

  const clicks = (): Promise<string[]> =>
    studio.page.evaluate(() => (window as unknown as { clicks: string[] }).clicks);

  test('three clicks and one dialog restore it, beside the original; what is missing would take one click more', async () => {
    const { page, app } = studio;
    await answerOpenDialog(app, [join(photos, 'hazy.jpg')]);
    await page.getByRole('button', { name: 'Open my photos…' }).click();
    await page.getByRole('heading', { level: 1, name: 'hazy.jpg' }).waitFor();
    const haze = page.getByRole('button', { name: /^Haze/ });
    // The program has seen it, so it is the first of the faults.
    await page.locator('.fault').first().getByText('Haze').waitFor();
    await page.locator('.fault').first().getByText('likely').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await haze.click();
    await page.getByText('Comes with the program (licence MIT).').waitFor();
    await page.getByText(/pixels in [\d.]+ s/).waitFor();
    await page.getByRole('button', { name: 'Export this picture' }).click();
    await page.getByRole('complementary').getByText('1 of 1').waitFor();
    expect(await clicks()).toEqual(['Open my photos…', 'Haze', 'Export this picture']);
    expect((await readdir(photos)).sort()).toEqual(['hazy-restored.jpg', 'hazy.jpg']);
    expect(await readFile(join(photos, 'hazy.jpg'))).toEqual(original);

    await page.getByRole('button', { name: /^Blur/ }).click();
    await page.getByText(/licence MIT\)\. None of your data is sent\./).waitFor();
    await page.getByRole('button', { name: 'Download (84 MB)' }).waitFor();
    await page.getByText('Download what is missing first.').waitFor();
    expect(await page.getByRole('button', { name: 'Export this picture' }).isDisabled()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: /^Blur/ }).click();
    expect(await page.getByRole('button', { name: 'Export this picture' }).isEnabled()).toBe(true);
  });

  test('a ready preset chooses several faults at once', async () => {
    const { page } = studio;
    const pressed = (): Promise<string[]> =>
      page
        .locator('.fault[aria-pressed="true"]')
        .evaluateAll((found) => found.map((button) => button.textContent?.replace('likely', '') ?? '').sort());
    const choose = async (preset: string): Promise<void> => {
      await page.getByRole('combobox', { name: 'Preset' }).click();
      await page.getByRole('option', { name: preset }).click();
    };
    await choose('Restore an old scan');
    await expect.poll(pressed).toEqual(['Faded', 'Noise']);
    await page.getByText('Comes with the program (licence MIT).').waitFor();
    await page.getByRole('button', { name: 'Download (54 MB)' }).waitFor();
    await choose('Clear haze');
    await expect.poll(pressed).toEqual(['Haze']);
  });

  test('experts find the model by its name one click away', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Models', exact: true }).click();
    await expect.poll(() => page.getByRole('combobox', { name: 'Model 1' }).inputValue()).toBe('Dehaze (small)');
  });

  test('a large photo is previewed whole and reduced first, and in true pixels where it is zoomed in', async () => {
    const { page, app } = studio;
    await sharp(join(photos, 'hazy.jpg')).resize(2400, 1600, { fit: 'fill' }).toFile(join(photos, 'large.jpg'));
    await page.getByRole('button', { name: 'All pictures' }).click();
    await answerOpenDialog(app, [join(photos, 'large.jpg')]);
    await page.getByRole('button', { name: 'Add pictures…' }).click();
    await page.getByRole('option', { name: 'large.jpg' }).click();
    await page.getByText(/^783 × 522 pixels in .+ whole picture, reduced/).waitFor();
    expect(await page.locator('.previewed').count()).toBe(0);
    await page.getByRole('button', { name: '1:1' }).click();
    await page.getByText(/^\d+ × \d+ pixels in [^·]+$/).waitFor();
    // The edge of the part in true pixels is drawn, over the whole one.
    expect(await page.locator('.previewed').first().isVisible()).toBe(true);
    expect(await page.locator('.stage img[alt=""]').count()).toBeGreaterThanOrEqual(2);
    await page.getByRole('button', { name: 'Fit' }).click();
    await page.getByRole('button', { name: 'All pictures' }).click();
    await page.getByRole('button', { name: 'Export 2 pictures' }).waitFor();
  });

  test('a folder that is chosen for the results is kept', async () => {
    const { page } = studio;
    const results = join(studio.folder, 'results');
    await mkdir(results);
    await page.getByText('In one folder', { exact: true }).click();
    await studio.chooseFolder(page.getByRole('complementary').getByRole('button', { name: 'Choose…' }).last(), results);
    await page.getByRole('button', { name: 'Export 2 pictures' }).click();
    await page.getByText('2 of 2').waitFor();
    expect((await readdir(results)).sort()).toEqual(['hazy-restored.jpg', 'large-restored.jpg']);
    await page.reload();
    await page.getByRole('complementary').getByText(results).first().waitFor();
    await page.getByRole('button', { name: 'Export 2 pictures' }).waitFor();
  });

  test('after the services die the pictures stay, and can be exported again', async () => {
    const { page } = studio;
    await studio.crash();
    const lost = page.getByRole('alert').filter({ hasText: en.frame.lost });
    await lost.waitFor();
    await lost.waitFor({ state: 'detached' });
    await page.getByText('2 pictures', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Export 2 pictures' }).click();
    await page.getByText('2 of 2').waitFor();
    await expect.poll(async () => (await readdir(join(studio.folder, 'results'))).length).toBe(4);
  });
});
