import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { askExiftool } from '../../../src/core/pictures/exiftool.ts';
import { EXIFTOOL_PART, MetadataTool } from '../../../src/core/pictures/metadata.ts';
import { childProcesses, installed, temporaryFolder } from '../../photographs.ts';

const folder = temporaryFolder();
const [original, result] = [join(folder, 'original.jpg'), join(folder, 'result.jpg')];
const tool = new MetadataTool();

beforeAll(async () => {
  const image = sharp({ create: { width: 30, height: 20, channels: 3, background: '#864' } });
  await image.withExif({ IFD0: { Artist: 'Ada' } }).toFile(original);
  await image.keepMetadata().toFile(result);
});

/** ExifTool's processes that this one has started; nothing else is started here. */
const processes = () => childProcesses().filter(({ state, command }) => state === 'Z' || command.includes('exiftool'));

/** Kills as many of ExifTool's processes as asked for while `work` goes on. */
async function killing<T>(times: number, work: Promise<T>): Promise<{ outcome: T | Error; killed: number }> {
  const killed = new Set<number>();
  let over = false;
  const ended = work.catch((error: unknown) => error as Error).finally(() => (over = true));
  while (!over) {
    for (const { pid } of processes()) {
      if (killed.size === times || killed.has(pid)) continue;
      process.kill(pid, 'SIGKILL');
      killed.add(pid);
    }
    await setTimeout(2);
  }
  return { outcome: await ended, killed: killed.size };
}

describe.skipIf(process.platform !== 'linux' || !installed('perl', '-v'))(
  'ExifTool (its processes found in /proc)',
  () => {
    it('is retried once if it is killed', async () => {
      await tool.version();
      const { outcome, killed } = await killing(1, tool.read(original));
      expect([killed, outcome]).toEqual([1, [expect.objectContaining({ 'IFD0:Artist': 'Ada' })]]);
    });

    it('that is killed twice is reported in a sentence, and the next request works', async () => {
      const { outcome, killed } = await killing(2, tool.read(original));
      expect([killed, outcome]).toEqual([
        2,
        expect.objectContaining({
          code: 'io',
          message: expect.stringMatching(/^ExifTool.* crashed twice\. .*\.$/) as string,
        }),
      ]);
      expect(await new MetadataTool().read(original)).toHaveLength(1);
    });

    it('does not count as missing because it was killed once while reporting its version', async () => {
      const fresh = new MetadataTool();
      expect((await killing(2, fresh.version())).outcome).toBeInstanceOf(Error);
      expect(await fresh.version()).toMatch(/^\d+\.\d+$/);
    });

    it('that answered in time is heard, even if a network kept the thread busy for longer than the limit', async () => {
      const limitMs = 1500;
      const seen = new Set<number>();
      const look = (): void => processes().forEach(({ pid }) => seen.add(pid));
      const asked = askExiftool(['-json', '-G1', original], { limitMs });
      while (seen.size === 0) {
        await setTimeout(1);
        look();
      }
      const began = performance.now();
      // The thread sleeps, as if it computed, until the process has ended and the time is over.
      const clock = new Int32Array(new SharedArrayBuffer(4));
      while (performance.now() - began < limitMs + 100 || processes().some(({ state }) => state !== 'Z'))
        Atomics.wait(clock, 0, 0, 20);
      const looking = setInterval(look, 1);
      const { stdout } = await asked.finally(() => clearInterval(looking));
      expect(JSON.parse(stdout)).toMatchObject([{ 'IFD0:Artist': 'Ada' }]);
      expect(seen.size).toBe(1);
    });

    it('continues where it was killed while writing', async () => {
      // What it leaves then.
      writeFileSync(`${result}${EXIFTOOL_PART}`, 'half of a picture');
      expect(await tool.transfer(original, result, { strip: 'none' })).toEqual([]);
      expect([existsSync(`${result}${EXIFTOOL_PART}`), await tool.read(result)]).toEqual([
        false,
        [expect.objectContaining({ 'IFD0:Artist': 'Ada' })],
      ]);
    });
  },
);
