import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CallOutput } from '../../src/shared/contract.ts';
import type { Run } from '../../src/shared/contract/training.ts';
import { walk } from './keyboard.ts';
import { patience } from './patience.ts';
import { chromiumPath, openStudio, seriousFindings, type OpenStudio } from './studio.ts';
import { addDataset, ask } from './tinyRuns.ts';

/** Pictures of every screen as it is looked at here go into the folder that LOOKS names. */
const looks = process.env['LOOKS'];
const smallest = { width: 1024, height: 700 };

/** Every screen with the sample project in it, dark and light, in English and Chinese, in the smallest window that there is. */
describe.skipIf(!chromiumPath)('every screen in the smallest window (needs chromium)', () => {
  let studio: OpenStudio;
  let screens: string[];
  beforeAll(async () => {
    studio = await openStudio();
    const { page, home } = studio;
    await page.setViewportSize(smallest);
    await page.getByRole('button', { name: 'Try it with sample pictures' }).click();
    await page.getByRole('option').first().waitFor({ timeout: 100_000 });
    const { config } = await ask<CallOutput<'app.sample'>>(page, 'app.sample', {});
    const { target, input } = config.data.train;
    addDataset(home, {
      id: 'sample',
      name: 'Sample',
      target,
      input,
      degradations: [],
      scale: 1,
      validation: { share: 0.2, count: 2 },
      created: 1,
    });
    const short = {
      ...config,
      steps: 4,
      validateEvery: 2,
      compile: false,
      data: { ...config.data, batch: 1, patch: 16, validation: { ...config.data.validation, count: 1 } },
    };
    const [first, second] = [
      await ask<Run>(page, 'training.start', { config: { ...short, name: 'Haze' } }),
      await ask<Run>(page, 'training.start', { config: { ...short, name: 'Haze without MCIR', mcir: undefined } }),
    ];
    await page.getByRole('option').first().click();
    const picture = await page.evaluate(() => location.hash.slice(2));
    screens = [
      'restore',
      picture,
      'restore/batches',
      'datasets/sample',
      'train',
      `train/run:${first.id}`,
      'runs',
      `runs/${first.id}`,
      `runs/${first.id}+${second.id}`,
      'studies',
      'studies/+new',
      'models',
      `models/${first.id}`,
      'settings',
    ];
    await vi.waitFor(
      async () =>
        expect((await ask<Run[]>(page, 'runs.list', {})).map(({ state }) => state)).toEqual(['finished', 'finished']),
      { timeout: patience, interval: 300 },
    );
  });
  afterAll(() => studio.close());

  const appearances = (['dark', 'light'] as const).flatMap((theme) =>
    (['en', 'zh'] as const).map((language) => ({ theme, language })),
  );
  test.each(appearances)(
    '$theme, $language: axe finds nothing serious, and nothing is cut off',
    async ({ theme, language }) => {
      const { page } = studio;
      await ask(page, 'app.change', { theme, language });
      await page.reload();
      await page.getByRole('navigation').first().waitFor();
      if (looks) await mkdir(looks, { recursive: true });
      const found: string[] = [];
      for (const screen of screens) {
        await visit(screen);
        found.push(
          ...[...(await seriousFindings(page)), ...(await cutOff())].map((finding) => `${screen}: ${finding}`),
        );
        if (looks)
          await page.screenshot({
            path: join(looks, `${screen.replace(/[/:+]/g, '-')}-${theme}-${language}.png`),
            animations: 'disabled',
          });
      }
      await visit(screens.find((screen) => /^runs\/\w+$/.test(screen)) ?? '');
      await page.locator('main [aria-haspopup="menu"]').click();
      for (const what of ['menu', 'dialog']) {
        // What fades in or away is pale.
        await expect
          .poll(
            () => page.getByRole(what as 'menu' | 'dialog').evaluate((element) => getComputedStyle(element).opacity),
            { timeout: patience },
          )
          .toBe('1');
        if (what === 'dialog') await page.getByRole('menu').waitFor({ state: 'detached' });
        found.push(...(await seriousFindings(page)).map((finding) => `${what}: ${finding}`));
        if (looks)
          await page.screenshot({ path: join(looks, `${what}-${theme}-${language}.png`), animations: 'disabled' });
        await (what === 'menu' ? page.getByRole('menuitem').last().click() : page.keyboard.press('Escape'));
      }
      expect(found).toEqual([]);
    },
  );

  test('the keyboard reaches whatever can be used, and shows where it is', async () => {
    const missed: string[] = [];
    for (const screen of screens) {
      await visit(screen);
      missed.push(...(await walk(studio.page)).map((what) => `${screen}: ${what}`));
    }
    expect(missed).toEqual([]);
  });

  /** Goes to a screen as the address does, and waits until nothing is loading. */
  async function visit(screen: string): Promise<void> {
    const { page } = studio;
    await page.evaluate((hash) => void (location.hash = hash), `#/${encodeURI(screen)}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    await expect.poll(() => page.locator('main .mantine-Loader-root').count()).toBe(0);
  }

  /** What is wider than the place that it has: the page, a screen, a button's or a heading's text. A picture's name may be. */
  function cutOff(): Promise<string[]> {
    return studio.page.evaluate(() => {
      const whole =
        'html, main, .screen, .screen .mantine-ScrollArea-viewport, .mantine-Button-label, .mantine-SegmentedControl-label, .mantine-NavLink-label, .mantine-Switch-label, h1, th';
      const wide = [...document.querySelectorAll(whole)].filter(
        ({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1,
      );
      return wide.map(
        (element) =>
          `${element.tagName} ${element.className} is wider than its place: ${element.textContent.slice(0, 60)}`,
      );
    });
  }
});
