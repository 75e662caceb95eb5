import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measurePart, sharedPictures } from '../../src/services/training/crops.ts';
import { PictureReaders } from '../../src/services/pictures/pictureReaders.ts';
import { openHome } from '../../src/services/app/home.ts';
import { openServices, type Services } from '../../src/services/app/openServices.ts';
import { dateTime, timeZone } from '../../src/shared/dates.ts';
import type { RunDetail } from '../../src/shared/runs.ts';
import { endPrograms, mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

/** Commands on runs after training: two real runs on the same pictures. */
const folder = newFolder();
const home = join(folder, 'home');
let withMcir: RunDetail;
let without: RunDetail;
beforeAll(async () => {
  const config = await tinyTraining(folder, { validateEvery: 4 });
  withMcir = await mcirJson<RunDetail>(home, 'train', config, '--steps', '8', '--set', 'name=A <run> & more');
  without = await mcirJson<RunDetail>(home, 'train', config, '--steps', '4', '--set', 'mcir=null');
});
const readers = new PictureReaders();
afterAll(async () => {
  await readers.end();
  endPrograms();
  rmSync(folder, { recursive: true, force: true });
});

async function withServices<T>(act: (services: Services) => Promise<T>): Promise<T> {
  const services = await openServices(openHome(home));
  try {
    return await act(services);
  } finally {
    await services.close();
  }
}

test('a run names the commit of the program that trained it', () => {
  expect(withMcir.facts?.versions.commit ?? '').toMatch(/^([0-9a-f]{10}\+?)?$/);
});

/** What a run with two negatives records about them. */
const measured = ['neg_age_0', 'neg_age_1', 'neg_cosine', 'neg_gap_0', 'neg_gap_1', 'neg_share'];

test('a run is exported with curves, pictures, model and a report; a folder that is not empty is refused', async () => {
  const out = join(folder, 'exported');
  const { files } = await mcirJson<{ files: string[] }>(home, 'runs', 'export', withMcir.id, '--out', out);
  expect(files).toEqual(
    expect.arrayContaining([
      'config.yml',
      'run.json',
      'metrics.csv',
      'model.safetensors',
      'report.html',
      ...['l_neg', 'l_pix', 'lr', ...measured, 'psnr', 'ssim'].map((name) => join('curves', `${name}.svg`)),
    ]),
  );
  for (const name of readdirSync(join(out, 'curves')))
    expect(readFileSync(join(out, 'curves', name), 'utf8')).toMatch(/^<svg [\s\S]*<path [\s\S]*<\/svg>\s*$/);
  const rows = readFileSync(join(out, 'metrics.csv'), 'utf8').trim().split('\n');
  expect(rows[0]).toBe(`step,l_neg,l_pix,lr,${measured.join()},psnr,ssim`);
  expect(rows).toHaveLength(1 + 9);
  expect((await mcir(home, 'runs', 'export', withMcir.id, '--out', out)).code).toBe(1);
});

test('the report is self-contained: no external resources, no script, and names cannot break it', async () => {
  const file = join(folder, 'report.html');
  await mcirJson(home, 'runs', 'report', withMcir.id, '--out', file);
  const html = readFileSync(file, 'utf8');
  expect(html).not.toMatch(/<script|<link|(src|href)="(?!data:)/i);
  expect(html).not.toContain('A <run>');
  expect(html).toContain('A &#60;run&#62; &#38; more');
  expect(html).toContain(`started ${dateTime(withMcir.created)} (${timeZone()})`);
  expect(html.match(/<svg /g)).toHaveLength(5 + measured.length);
  expect(html).toContain(`${withMcir.best?.psnr.toFixed(2)} dB`);
  expect(html).toContain(withMcir.facts?.dataFingerprint);
  const [picture] = [...html.matchAll(/src="data:image\/png;base64,([^"]+)"/g)].map(([, data = '']) =>
    Buffer.from(data, 'base64'),
  );
  expect((await sharp(picture).metadata()).width).toBe(40);
});

test('a finished run is extended by more steps, and its history says so', async () => {
  const longer = await mcirJson<RunDetail>(home, 'runs', 'extend', without.id, '--steps', '6');
  expect(longer).toMatchObject({ state: 'finished', step: 6, steps: 6 });
  expect(longer.states.map(({ state }) => state)).toEqual([
    'queued',
    'running',
    'finished',
    'queued',
    'running',
    'finished',
  ]);
  expect(longer.states[3]?.reason).toBe('From here on, the total is 6 steps instead of 4.');
  expect(readFileSync(join(longer.folder, 'config.yml'), 'utf8')).toContain('steps: 6');
  const { code, stderr } = await mcir(home, 'runs', 'extend', without.id, '--steps', '6');
  expect([code, stderr]).toEqual([1, expect.stringContaining('has already done 6 steps. Choose a larger number')]);
});

test('pictures of several runs are matched by their targets; a part is measured like the whole picture', async () => {
  await withServices(async ({ runs }) => {
    const [shared, ...others] = await sharedPictures(runs, [withMcir.id, without.id], readers);
    expect(others).toEqual([]);
    expect(shared).toMatchObject({ name: withMcir.pictures[0]?.name, width: 40, height: 40, sameInput: true });
    expect(shared?.runs.map(({ run, steps }) => [run, steps.map(({ step }) => step)])).toEqual([
      [withMcir.id, [0, 4, 8]],
      [without.id, [0, 4, 6]],
    ]);
    // The whole crop is the whole picture here, so both ways of measuring have to agree.
    const picture = withMcir.pictures.at(-1);
    const part = { left: 0, top: 0, width: 40, height: 40 };
    const whole = await measurePart(
      runs,
      {
        run: withMcir.id,
        step: 8,
        name: picture?.name ?? '',
        part,
        yChannel: false,
      },
      readers,
    );
    expect(whole.psnr).toBeCloseTo(picture?.psnr ?? 0, 6);
    expect(whole.ssim).toBeCloseTo(picture?.ssim ?? 0, 6);
    expect(
      await measurePart(
        runs,
        {
          run: withMcir.id,
          step: 8,
          name: picture?.name ?? '',
          part: { ...part, width: 8 },
          yChannel: true,
        },
        readers,
      ),
    ).toMatchObject({ ssim: null });
    await expect(
      measurePart(
        runs,
        {
          run: withMcir.id,
          step: 8,
          name: picture?.name ?? '',
          part: { ...part, left: 1 },
          yChannel: false,
        },
        readers,
      ),
    ).rejects.toMatchObject({ code: 'bad-input' });
  });
});

test('a picture with the same name from another data set does not match', async () => {
  const target = join(without.folder, without.pictures[0]?.target ?? '');
  const kept = readFileSync(target);
  writeFileSync(target, await sharp(kept).negate().png().toBuffer());
  try {
    await withServices(async ({ runs }) => {
      const pictures = await sharedPictures(runs, [withMcir.id, without.id], readers);
      expect(pictures.map(({ runs: of }) => of.map(({ run }) => run))).toEqual([[withMcir.id], [without.id]]);
    });
  } finally {
    writeFileSync(target, kept);
  }
});
