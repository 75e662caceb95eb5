import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededModel } from '../seededModels.ts';
import { chromiumPath, dropPaths, openSection, openStudio, seriousFindings, type OpenStudio } from './studio.ts';

/** Models and pictures as a photographer has them, in order: each test goes on where the one before ended. */
describe.skipIf(!chromiumPath)('restoring in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  let photos: string;
  beforeAll(async () => {
    studio = await openStudio();
    const { home } = studio;
    seededModel(home, 'nafnet');
    seededModel(home, 'edsr');
    await writeFile(join(home, 'broken.pth'), 'this is no model');
    photos = join(studio.folder, 'photos');
    await mkdir(join(photos, 'trip'), { recursive: true });
    await picture(join(photos, 'lake.png'), 96, 64);
    await picture(join(photos, 'trip', 'lake.png'), 64, 96);
    await writeFile(
      join(photos, 'trip', 'torn.jpg'),
      (
        await sharp({ create: { width: 64, height: 64, channels: 3, background: '#777' } })
          .jpeg()
          .toBuffer()
      ).subarray(0, 120),
    );
  });
  afterAll(() => studio.close());

  test('models: a file that is not a model is refused by name, others are added, tried and exported', async () => {
    const { page, home, open } = studio;
    await open('Models');
    await addModel(studio, 'broken.pth');
    await page.getByRole('alert').getByText('broken.pth could not be added').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await addModel(studio, 'nafnet.safetensors');
    await page.getByRole('heading', { level: 1, name: 'nafnet' }).waitFor();
    await page.getByText('SHA-256').waitFor();

    await dropPaths(page, [join(photos, 'lake.png')]);
    await page.getByText(/96 × 64 pixels in/).waitFor();
    await page.locator('.stage-label', { hasText: 'After' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByRole('combobox', { name: 'Save as' }).click();
    await page.getByRole('option', { name: 'PyTorch (.pth)' }).click();
    await chooseFolder(studio, 'Save in a folder…', []);
    await page.getByText(`Saved ${join(home, 'nafnet.pth')}`).waitFor();

    await page.getByRole('button', { name: 'All models' }).click();
    await addModel(studio, 'edsr.safetensors');
    await page.getByRole('heading', { level: 1, name: 'edsr' }).waitFor();
    await page.getByRole('button', { name: 'All models' }).click();
    await addModel(studio, 'nafnet.pth');
    await page.getByRole('heading', { level: 1, name: 'nafnet' }).waitFor();
  });

  test('packs are listed with licence and size, and nothing is downloaded if the user declines', async () => {
    const { page, open } = studio;
    await open('Models');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.getByRole('button', { name: 'Download MAXIM Dehazing (indoor)' }).click();
    const dialog = page.getByRole('dialog', { name: /^Download MAXIM/ });
    await dialog.getByText(/54 MB.*licence MIT/).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(asked.filter((url) => url.includes('packs.fetch'))).toEqual([]);
  });

  test('one picture: two models compared, loupe, before by a key, and a preset that is kept', async () => {
    const { page, open } = studio;
    await open('Restore');
    await dropPaths(page, [photos]);
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await openSection(page, 'Models');
    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await page.getByRole('option', { name: 'nafnet' }).first().click();
    await page.getByRole('option', { name: 'photos/lake.png', exact: true }).click();
    await page.getByRole('button', { name: 'Compare with…' }).click();
    await page.getByRole('menuitem', { name: 'edsr' }).click();
    await page.locator('.stage-label', { hasText: 'edsr: not previewed yet' }).waitFor();
    await page.keyboard.press('p');
    await page.locator('.stage-label', { hasText: /^edsr$/ }).waitFor();
    await page.locator('.stage-label', { hasText: /^nafnet$/ }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await resultSize(studio)).toEqual([96, 192]);
    const choose = (layout: string): Promise<void> =>
      page.getByText(layout, { exact: true }).locator('xpath=ancestor::label').click();

    await page.keyboard.press('c');
    expect(await labels(studio)).toEqual(['Before', 'edsr']);
    await page.keyboard.press('m');
    expect(await labels(studio)).toEqual(['Before', 'nafnet']);
    const restored = page.locator('.stage img[alt=""]').first();
    const drawnAs = (property: 'opacity' | 'mixBlendMode'): Promise<string> =>
      restored.evaluate((image, name) => (image as HTMLImageElement).style[name], property);
    await page.getByRole('slider', { name: 'Strength in per cent' }).press('Home');
    await expect.poll(() => drawnAs('opacity')).toBe('0');
    await page.getByRole('slider', { name: 'Strength in per cent' }).press('End');
    await expect.poll(() => drawnAs('opacity')).toBe('1');
    await choose('Difference');
    await page.locator('.stage-label', { hasText: /^Difference/ }).waitFor();
    expect(await drawnAs('mixBlendMode')).toBe('difference');
    await choose('Side by side');
    await page.keyboard.press('m');
    expect(await labels(studio)).toEqual(['Before', 'edsr']);
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { level: 1, name: 'lake.png' }).waitFor();
    await page.getByText('2 of 3').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByText('1 of 3').waitFor();
    await page.keyboard.press('m');
    await choose('Slider');
    await page.keyboard.down('\\');
    expect(await labels(studio)).toEqual(['Before']);
    await page.keyboard.up('\\');
    await page.keyboard.press('l');
    await page.mouse.move(500, 400);
    await page.getByTestId('loupe').waitFor();
    await page.keyboard.press('l');
    const layer = page.locator('.stage [style*="scale("]').first();
    const drawn = (): Promise<string> => layer.evaluate((element) => (element as HTMLElement).style.transform);
    const fitted = await drawn();
    await page.mouse.wheel(0, -400);
    await expect.poll(drawn).not.toBe(fitted);
    await page.keyboard.press('0');
    await expect.poll(drawn).toBe(fitted);

    await page.getByRole('button', { name: 'Save as a preset' }).click();
    await page.getByLabel('Name of the preset').fill('Evening');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'More actions for this preset' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Preset' }).inputValue()).toBe('Evening');
  });

  test('export: the name as it will be, a file that fails with its reason, the batch in the history, and the file tried again once it was mended', async () => {
    const { page, home } = studio;
    await page.keyboard.press('Escape');
    await openSection(page, 'Format and file names');
    await page.getByRole('textbox', { name: 'File name' }).fill('{nam}');
    await page.getByText(/unknown field \{nam\}/).waitFor();
    await page.getByRole('textbox', { name: 'File name' }).fill('{counter}-{name}');
    await page.getByText(/For example .*\d{4}-lake\.png/).waitFor();
    await chooseFolder(studio, 'Choose…', ['New folder…']);
    await page.getByRole('button', { name: 'Export 3 pictures' }).click();
    await page.getByText('3 of 3').waitFor();
    await page.getByRole('option', { name: /torn\.jpg, Failed/ }).waitFor();
    expect(
      (await readdir(join(home, 'results'), { recursive: true })).filter((name) => name.endsWith('.png')).sort(),
    ).toEqual([join('photos', '0001-lake.png'), join('photos', 'trip', '0002-lake.png')]);
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByRole('button', { name: 'Batches' }).click();
    await page.getByRole('cell', { name: 'photos/trip/torn.jpg' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Show its pictures' }).click();
    await page.getByText('3 pictures', { exact: true }).waitFor();

    const torn = (await readdir(home, { recursive: true })).find((path) => path.endsWith('torn.jpg')) ?? '';
    await picture(join(home, torn), 32, 32);
    await page.getByRole('button', { name: 'Retry 1 failed' }).click();
    await page.getByRole('option', { name: /torn\.jpg, Done/ }).waitFor();
  });
});

/** A picture with some structure. */
async function picture(path: string, width: number, height: number): Promise<void> {
  const pixels = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + Math.floor(i / width) * 13) % 256),
  );
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}

async function addModel({ page, home }: OpenStudio, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a model file…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: home, exact: true }).click();
  await dialog.getByLabel(name).check();
  await dialog.getByRole('button', { name: 'Choose 1 file' }).click();
}

/** Chooses the program's own folder in the dialog behind a button, or makes `results` in it. */
async function chooseFolder({ page, home }: OpenStudio, button: string, steps: string[]): Promise<void> {
  await page.getByRole('complementary').getByRole('button', { name: button }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: home, exact: true }).click();
  await dialog.getByRole('button', { name: 'models', exact: true }).waitFor();
  for (const step of steps) {
    await dialog.getByRole('button', { name: step }).click();
    await dialog.getByLabel('Name of the new folder').fill('results');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText(join(home, 'results'), { exact: true }).waitFor();
  }
  await dialog.getByRole('button', { name: 'Choose this folder' }).click();
}

const labels = ({ page }: OpenStudio): Promise<string[]> => page.locator('.stage-label').allInnerTexts();

/** Widths of the restored pictures on the stage, in their own pixels. */
const resultSize = ({ page }: OpenStudio): Promise<number[]> =>
  page
    .locator('.stage img[alt=""]')
    .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth));
