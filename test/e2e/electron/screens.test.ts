import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture } from '../../../src/core/data/decode.ts';
import { samplePictures } from '../../../src/core/data/samplePictures.ts';
import { applyChain, parseChain } from '../../../src/core/degradations/chain.ts';
import { encodePng } from '../../../src/core/pictures/encodePng.ts';
import en from '../../../src/renderer/i18n/en.json' with { type: 'json' };
import zh from '../../../src/renderer/i18n/zh.json' with { type: 'json' };
import { answerOpenDialog, openElectron, type ElectronStudio } from './openElectron.ts';

const texts = { en, zh };
const looks = [
  ['en', 'dark'],
  ['en', 'light'],
  ['zh', 'light'],
  ['zh', 'dark'],
] as const;
/** They are looked at by people and not kept. Chinese needs a font that has it. */
const place = (name: string): string => join(tmpdir(), 'mcir-screens', `${name}.png`);

/**
 * Pictures of the real window to look at: `MCIR_SCREENS=yes npm run test:electron -- test/e2e/electron/screens.test.ts`. Those
 * in docs/screens are made by the life of a project (`MCIR_SCREENS=yes MCIR_TEST_LIFE=yes npm run test:electron --
 * test/e2e/electron/life.test.ts`). The model for haze is downloaded as a photographer would, so it needs a network.
 */
describe.runIf(process.env['MCIR_SCREENS'] === 'yes')('pictures of the window', () => {
  let studio: ElectronStudio;
  let photos: string;
  let spoken: 'en' | 'zh' = 'en';
  beforeAll(async () => {
    studio = await openElectron({ language: 'en' });
    photos = join(studio.folder, 'photos');
    await mkdir(photos);
    await mkdir(dirname(place('')), { recursive: true });
    const steps = parseChain([{ type: 'haze', beta: [1.4, 1.4], airlight: [0.9, 0.9] }]);
    for await (const { name, png } of samplePictures()) {
      const clear = join(studio.folder, 'clear.png');
      await writeFile(clear, png);
      const hazy = await applyChain(steps, await decodePicture(clear), ['screens', name]);
      await writeFile(join(photos, name), await encodePng(hazy));
    }
  });
  afterAll(() => studio.close());

  const resize = async (width: number, height: number): Promise<void> => {
    await studio.app.evaluate(
      ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
      { width, height },
    );
    await expect.poll(() => studio.page.evaluate(() => innerWidth)).toBe(width);
  };
  const keep = async (name: string): Promise<void> => {
    const { page } = studio;
    await page.mouse.move(2, 2);
    // Notices go by themselves, and pictures have been drawn.
    await page.waitForTimeout(1000);
    const picture = await page.screenshot({ animations: 'disabled' });
    await sharp(picture).png({ palette: true, quality: 85, compressionLevel: 9 }).toFile(place(name));
  };

  /** Chooses language and look as people do: a reload would forget the preview, which takes long to make. */
  const dress = async (language: 'en' | 'zh', theme: 'dark' | 'light'): Promise<void> => {
    const { page } = studio;
    const now = texts[spoken].settings;
    await page.evaluate(() => void (location.hash = '#/settings'));
    await page.getByText(now.themes[theme], { exact: true }).click();
    await page.getByRole('combobox', { name: now.language }).click();
    await page.getByRole('option', { name: language === 'en' ? 'English' : '中文' }).click();
    spoken = language;
    await page.getByRole('heading', { level: 1, name: texts[language].nav.settings }).waitFor();
    await page.goBack();
  };

  test('of a photographer’s way, in both looks and languages', async () => {
    const { page, app } = studio;
    await resize(1024, 700);
    await keep('welcome');
    const first = 'landscape-08.png';
    await answerOpenDialog(app, [join(photos, first)]);
    await page.getByRole('button', { name: en.welcome.own }).click();
    await page.getByRole('button', { name: /^Haze/ }).click();
    await page.getByRole('button', { name: /^Download/ }).waitFor();
    await keep('restore-download');
    await page.getByRole('button', { name: /^Download/ }).click();
    await page.getByText(/pixels in [\d.]+ s/).waitFor({ timeout: 1_000_000 });
    for (const [language, theme] of looks) {
      await dress(language, theme);
      await page.getByText(texts[language].export.startThis).waitFor();
      await keep(`picture-${theme}-${language}`);
    }
    await dress('en', 'dark');
    await resize(3840, 2160);
    await keep('restore-4k');
    await resize(1280, 800);
    await answerOpenDialog(app, [photos]);
    await page.getByRole('button', { name: en.restore.back }).click();
    await page.getByRole('button', { name: en.restore.addFolder }).click();
    await page.getByRole('button', { name: /^Export \d+ pictures/ }).waitFor();
    await page.getByText(en.fault.looking).waitFor({ state: 'hidden' });
    await expect.poll(() => page.getByRole('option').locator('img').count()).toBeGreaterThan(11);
    await keep('grid');
    await resize(1024, 700);
    for (const [language, theme] of looks) {
      await dress(language, theme);
      for (const screen of ['restore', 'datasets', 'train', 'runs', 'studies', 'models', 'settings']) {
        await page.evaluate((to) => void (location.hash = `#/${to}`), screen);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await keep(`${screen}-${theme}-${language}`);
      }
    }
  });
});
