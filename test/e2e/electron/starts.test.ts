import { rm } from 'node:fs/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type ElectronWindow, newFolder, startElectron } from './openElectron.ts';

/** `npm run starts:electron` sets more. */
const starts = Number(process.env['STARTS'] ?? 3);

/** One start in about twenty once stayed blank. */
test(
  `none of ${starts} starts stays blank, and each ends when it is told to`,
  { timeout: starts * 300_000 },
  async () => {
    const folder = await newFolder();
    const seconds: number[] = [];
    const wrong: string[] = [];
    for (let start = 1; start <= starts; start++) {
      const began = performance.now();
      let window: ElectronWindow | undefined;
      try {
        window = await startElectron(folder);
        await window.page.getByRole('navigation').waitFor();
        seconds.push((performance.now() - began) / 1000);
        // A window of one colour has an entropy of 0 bits, one with texts more than 0.5.
        const { entropy } = await sharp(await window.page.screenshot()).stats();
        if (entropy < 0.2) wrong.push(`${start}: blank (entropy ${entropy})`);
        process.kill(window.pid, 'SIGTERM');
        const code = await window.ended;
        if (code !== 0) wrong.push(`${start}: ended with ${code}`);
        if (window.printed()) wrong.push(`${start}: ${window.printed()}`);
      } catch (error) {
        wrong.push(`${start}: ${String(error)}`);
        if (window) process.kill(window.pid, 'SIGKILL');
      }
      if (start % 10 === 0) process.stdout.write(`${start} starts, ${wrong.length} wrong\n`);
    }
    await rm(folder, { recursive: true, force: true });
    seconds.sort((a, b) => a - b);
    const middle = seconds[Math.floor(seconds.length / 2)];
    process.stdout.write(
      `${starts} starts, ${wrong.length} wrong; the window is there after ${middle?.toFixed(1)} s (median)\n`,
    );
    expect(wrong).toEqual([]);
  },
);
