import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchRepository } from '../../../src/database/batchRepository.ts';
import { openHistory } from '../../../src/database/history.ts';
import type { BatchSummary } from '../../../src/shared/batches.ts';
import { endPrograms, mcir, mcirJson, newFolder } from '../../cli/program.ts';

const PICTURES = 8;

let folder: string;
let home: string;
let window: ChildProcess;
let said: string[];
beforeEach(async () => {
  folder = newFolder();
  home = join(folder, 'home');
  mkdirSync(join(folder, 'in'));
  mkdirSync(join(folder, 'out'));
  for (let i = 0; i < PICTURES; i++)
    await sharp({ create: { width: 60, height: 40, channels: 3, background: `#${100 + i}` } })
      .png()
      .toFile(join(folder, 'in', `${i}.png`));
  window = spawn(
    process.execPath,
    [fileURLToPath(new URL('./windowProgram.ts', import.meta.url)), join(folder, 'in'), join(folder, 'out')],
    { env: { ...process.env, MCIR_HOME: home }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  said = [];
  let text = '';
  window.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    said = text.split('\n').slice(0, -1);
  });
});
afterEach(() => {
  endPrograms();
  window.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The rest of the last line of the window that begins with a word, once there is one. */
async function saidByWindow(word: string): Promise<string> {
  await expect.poll(() => said.some((line) => line.startsWith(word)), { timeout: 250_000, interval: 50 }).toBe(true);
  return said.findLast((line) => line.startsWith(word))?.slice(word.length + 1) ?? '';
}

/** As the ledger has it; no program is started for this. */
function batchNow(): BatchSummary | undefined {
  const { db } = openHistory({ database: join(home, 'mcir.sqlite') });
  try {
    return new BatchRepository(db).list()[0];
  } finally {
    db.close();
  }
}

/** Each starts a window, its child process, and several terminals: on a busy machine that takes minutes. */
describe('a batch that a window has paused', { timeout: 900_000 }, () => {
  it('is resumed by a terminal with a request, not by taking over; the next program leaves it alone, and the window finishes it', async () => {
    const id = await saidByWindow('paused');
    const resumed = await mcir(home, 'batch', 'resume', id);
    expect(resumed, resumed.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/process \d+.* resumes it/) as string,
    });
    // A program that starts looks for work that was left behind.
    const { batches } = await mcirJson<{ batches: BatchSummary[] }>(home, 'batch', 'list');
    expect(['running', 'finished']).toContain(batches[0]?.state);
    await saidByWindow('finished');
    expect(batchNow()).toMatchObject({ state: 'finished', done: PICTURES, failed: 0 });
    expect(said.filter((line) => line.startsWith('interrupted'))).toEqual([]);
  });

  it('is cancelled by a terminal and resumed at once: one program works on it, and nothing fails', async () => {
    const id = await saidByWindow('paused');
    expect(await mcir(home, 'batch', 'resume', id)).toMatchObject({ code: 0 });
    expect(await mcir(home, 'batch', 'cancel', id)).toMatchObject({ code: expect.any(Number) as number });
    await mcir(home, 'batch', 'resume', id);
    await expect.poll(() => batchNow()?.state, { timeout: 250_000 }).toBe('finished');
    expect(batchNow()).toMatchObject({ done: PICTURES, failed: 0 });
    expect(readdirSync(join(folder, 'out'))).toHaveLength(PICTURES);
  });

  it('does not keep the window from closing, whatever was requested before', async () => {
    const id = await saidByWindow('paused');
    await mcir(home, 'batch', 'resume', id);
    window.stdin?.write('close\n');
    await saidByWindow('closed');
    const state = batchNow()?.state;
    expect(['interrupted', 'finished']).toContain(state);
    // A batch that was finished before the window closed has nothing left to resume.
    const resumed = await mcir(home, 'batch', 'resume', id);
    expect(resumed, resumed.stderr).toMatchObject({ code: state === 'finished' ? 1 : 0 });
    expect(batchNow()).toMatchObject({ state: 'finished', done: PICTURES, failed: 0 });
  });
});
