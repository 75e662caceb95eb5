import { createHash } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/random.ts';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { effect, exportSettings, type BatchSummary, type ExportSettings } from '../../../src/shared/batches.ts';
import { memoryOf, restoreProcess, temporaryFolder } from '../../photographs.ts';
import { openBatches } from './openBatches.ts';

const root = temporaryFolder();
const { home, history, batches } = openBatches(join(root, 'home'), { patienceMs: 100 });

const inputs = join(root, 'in');
const hashes = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );

async function picture(path: string, colour = '#357'): Promise<string> {
  await sharp({ create: { width: 50, height: 40, channels: 3, background: colour } })
    .composite([{ input: { text: { text: 'mcir', dpi: 60 } } }])
    .toFile(path);
  return path;
}

async function run(paths: string[], out: string, settings: Partial<ExportSettings> = {}): Promise<BatchSummary> {
  const { files } = await collectSources(paths, true);
  const { id } = await batches.create(files, ['identity'], {
    out,
    effect: effect.parse({}),
    export: exportSettings.parse(settings),
  });
  return batches.run(id);
}

beforeAll(async () => {
  mkdirSync(join(inputs, 'sub', 'deep'), { recursive: true });
  await picture(join(inputs, 'a.png'));
  await picture(join(inputs, 'A.PNG'), '#933');
  await picture(join(inputs, 'sub', 'b.jpg'));
  await picture(join(inputs, 'sub', 'deep', 'ü 写真.webp'));
  for (const name of ['.DS_Store', 'Thumbs.db', '._a.png', 'a.xmp']) writeFileSync(join(inputs, name), 'x');
});

describe('a batch', () => {
  it('keeps folders, ignores system files, and distinguishes names that differ in case', async () => {
    const out = join(root, 'out');
    expect(await run([inputs], out)).toMatchObject({ state: 'finished', total: 4, done: 4 });
    const names = readdirSync(out, { recursive: true })
      .map((name) => String(name).toLowerCase())
      .sort();
    expect(names).toEqual(['a (2).png', 'a.png', 'sub', 'sub/b.jpg', 'sub/deep', 'sub/deep/ü 写真.webp']);
  });

  it.each([
    ['unique', { done: 1 }, ['a (2).png', 'a.png']],
    ['skip', { skipped: 1 }, ['a.png']],
    ['overwrite', { done: 1 }, ['a.png']],
    ['changed', { skipped: 1 }, ['a.png']],
  ] as const)('handles a file of the same name by the policy %s', async (conflict, counts, names) => {
    const out = join(root, `conflict-${conflict}`);
    mkdirSync(out);
    writeFileSync(join(out, 'a.png'), 'older');
    expect(await run([join(inputs, 'a.png')], out, { conflict })).toMatchObject(counts);
    expect(readdirSync(out).sort()).toEqual(names);
    expect(readFileSync(join(out, 'a.png'), 'utf8') === 'older').toBe(conflict !== 'overwrite');
  });

  it('overwrites what is older than the original', async () => {
    const out = join(root, 'older');
    mkdirSync(out);
    writeFileSync(join(out, 'a.png'), 'older');
    utimesSync(join(out, 'a.png'), 1000, 1000);
    expect(await run([join(inputs, 'a.png')], out, { conflict: 'changed' })).toMatchObject({ done: 1 });
  });

  it('never writes to an original, whatever name leads to it', async () => {
    const originals = join(root, 'originals');
    mkdirSync(originals);
    await picture(join(originals, 'a.png'));
    linkSync(join(originals, 'a.png'), join(root, 'linked.png'));
    const before = hashes(originals);
    const symbolic = join(root, 'symbolic');
    symlinkSync(originals, symbolic);
    const hard = join(root, 'hard');
    mkdirSync(hard);
    linkSync(join(originals, 'a.png'), join(hard, 'a.png'));
    for (const out of [originals, `${originals}/../originals/.`, symbolic, hard]) {
      const batch = await run([join(originals, 'a.png')], out, { conflict: 'overwrite' });
      expect(batch, out).toMatchObject({ failed: 1 });
      expect(batches.files(batch.id)[0]?.reason).toMatch(/is an original/);
    }
    expect(hashes(originals)).toEqual(before);
  });

  it('names broken pictures, continues, and retries them on request', async () => {
    const folder = join(root, 'broken');
    mkdirSync(folder);
    await picture(join(folder, 'good.png'));
    writeFileSync(join(folder, 'empty.jpg'), '');
    writeFileSync(join(folder, 'text.tif'), 'no picture at all');
    copyFileSync(join(folder, 'good.png'), join(folder, 'cut.png'));
    truncateSync(join(folder, 'cut.png'), Math.floor(statSync(join(folder, 'good.png')).size / 2));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.png'));
    // A header that promises 65500 x 65500 pixels.
    const bomb = Buffer.from(readFileSync(join(folder, 'good.png')));
    bomb.writeUInt32BE(65500, 16);
    bomb.writeUInt32BE(65500, 20);
    writeFileSync(join(folder, 'bomb.png'), bomb);
    // A frame of 524 megapixels, which would be decoded in one piece.
    const animation = await sharp(join(folder, 'good.png')).gif().toBuffer();
    const frame = animation.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 50, 0, 40, 0]));
    animation.writeUInt16LE(65500, frame + 5);
    animation.writeUInt16LE(8000, frame + 7);
    writeFileSync(join(folder, 'bomb.gif'), animation);
    const { id, ...batch } = await run([folder], join(root, 'broken-out'));
    expect(batch).toMatchObject({ state: 'finished', done: 1, failed: 6 });
    for (const file of batches.files(id))
      expect(file.reason ?? '', file.source).toMatch(file.state === 'done' ? /^$/ : /^[A-Z].*\.$/);
    expect(batches.files(id).find(({ source }) => source.endsWith('.gif'))?.reason).toMatch(/134 megapixels/);
    expect(readdirSync(join(root, 'broken-out'))).toEqual(['good.png']);

    await picture(join(folder, 'cut.png'));
    expect(await batches.retry(id)).toBe(6);
    expect(await batches.run(id)).toMatchObject({ done: 2, failed: 5 });
  });

  it('can be cancelled by another program, and resumed', async () => {
    const folder = join(root, 'many');
    mkdirSync(folder);
    for (let i = 0; i < 8; i++) copyFileSync(join(inputs, 'a.png'), join(folder, `${i}.png`));
    const { files } = await collectSources([folder], false);
    const { id } = await batches.create(files, ['identity'], {
      out: join(root, 'many-out'),
      effect: effect.parse({}),
      export: exportSettings.parse({}),
    });
    const running = batches.run(id);
    batches.events.once('file', () => void batches.cancel(id));
    const cancelled = await running;
    expect(cancelled.state).toBe('cancelled');
    expect(cancelled.waiting).toBeGreaterThan(0);
    expect(await batches.run(id)).toMatchObject({ state: 'finished', done: 8 });
    expect(readdirSync(join(root, 'many-out'))).toHaveLength(8);
  });

  it('waits while its folder is not a folder, and then resumes', async () => {
    const out = join(root, 'gone');
    writeFileSync(out, 'a file in the place of the drive');
    const { files } = await collectSources([join(inputs, 'a.png')], false);
    const { id } = await batches.create(files, ['identity'], {
      out,
      effect: effect.parse({}),
      export: exportSettings.parse({}),
    });
    const running = batches.run(id);
    while (batches.find(id).state !== 'paused') await setTimeout(20);
    expect(batches.find(id).reason).toMatch(/Connect the drive/);
    rmSync(out);
    expect(await running).toMatchObject({ state: 'finished', done: 1 });
  });
});

/** Pictures of every kind in turn, each of its own colour. */
async function ofKind(i: number, folder: string): Promise<string> {
  const kinds = [
    ['png', (image: Sharp) => image],
    ['jpg', (image: Sharp) => image.jpeg({ progressive: true })],
    [
      'tif',
      (image: Sharp) =>
        image.toColourspace('rgb16').tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }),
    ],
    ['webp', (image: Sharp) => image.ensureAlpha(0.5)],
    ['avif', (image: Sharp) => image],
    ['gif', (image: Sharp) => image],
    ['jpeg', (image: Sharp) => image.toColourspace('cmyk')],
    ['TIF', (image: Sharp) => image.toColourspace('b-w')],
  ] as const;
  const [ending, as] = kinds[i % kinds.length] as (typeof kinds)[number];
  const file = join(folder, `${i}.${ending}`);
  const base = await sharp({
    create: { width: 50, height: 40, channels: 3, background: `#${(i * 37 + 4096).toString(16).slice(-3)}` },
  })
    .composite([{ input: { text: { text: 'mcir', dpi: 60 } } }])
    .png()
    .toBuffer();
  await as(sharp(base)).toFile(file);
  return file;
}

describe('a batch whose process is killed', () => {
  /** Small for continuous integration; MCIR_KILLS=20 MCIR_FILES=500 is what docs/photographs.md tells of. */
  const kills = Number(process.env['MCIR_KILLS'] ?? 3);
  const count = Number(process.env['MCIR_FILES'] ?? 16);

  it('goes on and does every file once', async () => {
    const folder = join(root, 'killed');
    const out = join(root, 'killed-out');
    mkdirSync(folder);
    mkdirSync(out);
    const broken = Math.round(count * 0.08);
    for (let i = 0; i < count; i++) {
      const file = await ofKind(i, folder);
      if (i < broken) truncateSync(file, Math.floor(statSync(file).size / 3));
    }
    const before = hashes(folder);
    const { files } = await collectSources([folder], false);
    const { id } = await batches.create(files, ['identity'], {
      out,
      effect: effect.parse({}),
      export: exportSettings.parse({}),
    });
    // This process made it and would own it until it ends.
    await batches.cancel(id);
    const random = randomStream(5, 'kills');
    const ended = (): number => {
      const { done, failed } = batches.find(id);
      return done + failed;
    };
    for (let i = 0; i < kills; i++) {
      const { child, closed } = resume(id);
      // Somewhere in the midst of the work, however quick the machine is.
      const goal = Math.min(count - 1, ended() + random.integer(1, Math.max(1, Math.floor(count / kills))));
      while (ended() < goal && child.exitCode === null) await setTimeout(50);
      await setTimeout(random.range(0, 300));
      child.kill('SIGKILL');
      await closed;
      // Whatever stands under a final name is whole.
      for (const name of readdirSync(out, { withFileTypes: true }).filter((entry) => !entry.name.startsWith('.')))
        await sharp(join(out, name.name)).stats();
    }
    await resume(id).closed;
    expect(batches.find(id)).toMatchObject({
      state: 'finished',
      done: count - broken,
      failed: broken,
      waiting: 0,
      running: 0,
    });
    const results = batches.files(id).flatMap((file) => (file.state === 'done' ? [file.output] : []));
    expect(
      readdirSync(out)
        .map((name) => join(out, name))
        .sort(),
    ).toEqual(results.sort());
    expect(hashes(folder)).toEqual(before);
  }, 3_600_000);

  function resume(id: string): { child: ChildProcess; closed: Promise<unknown> } {
    const cli = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
    const child = spawn(process.execPath, [cli, 'batch', 'resume', id], {
      env: { ...process.env, MCIR_HOME: home.root },
      stdio: 'ignore',
    });
    return { child, closed: new Promise((resolve) => child.once('close', resolve)) };
  }
});

describe('mutated files', () => {
  /** A decoder that takes longer is ended: see photograph.ts. */
  const MOST_SECONDS = 600;
  const MOST_BYTES = 2 * 2 ** 30;

  it('are read or refused, each within limits of time and memory, and never end the batch', async () => {
    const count = Number(process.env['MCIR_MUTATIONS'] ?? 30);
    const folder = join(root, 'mutated');
    mkdirSync(folder);
    const random = randomStream(Number(process.env['MCIR_SEED'] ?? 9), 'mutations');
    const seeds = await Promise.all(
      ['png', 'jpg', 'tif', 'webp', 'avif', 'gif'].map((format) => picture(join(root, `seed.${format}`))),
    );
    for (let i = 0; i < count; i++) {
      const seed = seeds[i % seeds.length] as string;
      const bytes = readFileSync(seed);
      for (let k = random.integer(1, 8); k > 0; k--)
        bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
      writeFileSync(
        join(folder, `${i}${seed.slice(seed.lastIndexOf('.'))}`),
        random.uniform() < 0.2 ? bytes.subarray(0, random.integer(1, bytes.length)) : bytes,
      );
    }
    const looking = watchBatch();
    const batch = await run([folder], join(root, 'mutated-out'));
    const { longestMs, peakBytes } = looking();
    if (process.platform === 'linux') {
      expect(peakBytes).toBeGreaterThan(0);
      expect(peakBytes).toBeLessThan(MOST_BYTES);
    }
    expect(longestMs / 1000).toBeLessThan(MOST_SECONDS);
    expect(batch).toMatchObject({ state: 'finished', total: count, waiting: 0, running: 0 });
    expect(batch.done + batch.failed).toBe(count);
    expect(batch.failed).toBeGreaterThan(0);
  }, 3_600_000);

  /** Looks on at the batch that runs; the function that it gives ends that, and tells the most time and memory that a file took. */
  function watchBatch(): () => { longestMs: number; peakBytes: number } {
    const began = new Map<number, number>();
    let [longestMs, peakBytes] = [0, 0];
    const looking = setInterval(() => {
      const now = performance.now();
      const running = new Set(
        history.db
          .prepare<[], { number: number }>("SELECT number FROM batch_files WHERE state = 'running'")
          .all()
          .map(({ number }) => number),
      );
      for (const number of began.keys()) if (!running.has(number)) began.delete(number);
      for (const number of running) {
        if (!began.has(number)) began.set(number, now);
        longestMs = Math.max(longestMs, now - (began.get(number) ?? now));
      }
      const pid = process.platform === 'linux' ? restoreProcess() : undefined;
      try {
        if (pid !== undefined) peakBytes = Math.max(peakBytes, memoryOf(pid, 'VmHWM') || 0);
      } catch {
        // It has ended meanwhile.
      }
    }, 100);
    return () => {
      clearInterval(looking);
      return { longestMs, peakBytes };
    };
  }
});
