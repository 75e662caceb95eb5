import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { askChild, type Child, startChild } from '../../../src/services/jobs/childProcess.ts';
import { isRunning, processIdentity } from '../../../src/services/jobs/processes.ts';
import { AppError } from '../../../src/shared/errors.ts';
import { childContract } from '../../../src/shared/childMessages.ts';
import { moodyContract } from './moodyContract.ts';

const started: Child[] = [];
const start: typeof startChild = (contract, options) => {
  const child = startChild(contract, options);
  started.push(child);
  return child;
};
afterEach(() => Promise.all(started.splice(0).map((child) => child.end())));

const moody = (options?: Parameters<typeof startChild>[1]) => start(moodyContract, options);

describe('a child process', () => {
  it('answers several questions, sends events, and passes its own errors on', async () => {
    const child = moody();
    const events: string[] = [];
    const answers = await Promise.all([
      child.ask('double', { value: 1 }, { onEvent: (event) => events.push(event) }),
      child.ask('double', { value: 2 }),
      child.ask('refuse', {}).catch((error: unknown) => error),
    ]);
    expect(answers.slice(0, 2)).toEqual([{ value: 2 }, { value: 4 }]);
    expect(events).toEqual(['doubling 1']);
    expect(answers[2]).toMatchObject({ code: 'bad-input', message: 'No.', details: { why: 'mood' } });
    const told = child.ask('waitForNotice', {});
    child.tell('hello');
    expect(await told).toBe('hello');
  });

  it('gets its environment as a value, added to its parent’s', async () => {
    const child = moody({ env: { MCIR_TEST: 'here' } });
    expect(await child.ask('environment', { name: 'MCIR_TEST' })).toBe('here');
    expect(await child.ask('environment', { name: 'PATH' })).toBe(process.env['PATH']);
    expect(process.env['MCIR_TEST']).toBeUndefined();
  });

  it.each([
    [{}, /exit code 7/],
    [{ signal: 'SIGSEGV' }, /SIGSEGV/],
  ])('that dies (%o) rejects all open and all later questions', async (how, sentence) => {
    const child = moody();
    const waiting = child.ask('waitForNotice', {}).catch((error: unknown) => error);
    const died = child.ask('die', how).catch((error: unknown) => error);
    for (const error of [await waiting, await died])
      expect(error).toMatchObject({ code: 'worker-died', message: expect.stringMatching(sentence) as string });
    expect(await child.ended).toMatchObject({ cause: 'itself' });
    await expect(child.ask('double', { value: 1 })).rejects.toMatchObject({ code: 'worker-died' });
  });

  it('that sends a message outside its contract is ended', async () => {
    const child = moody();
    await expect(child.ask('lie', {})).rejects.toMatchObject({ code: 'worker-died' });
    expect(await child.ended).toMatchObject({ cause: 'nonsense', signal: 'SIGKILL' });
  });

  it('that cannot be started, or has no file, rejects', async () => {
    const missing = childContract('thereIsNoSuchWorker', moodyContract.calls);
    await expect(askChild(missing, 'double', { value: 1 })).rejects.toMatchObject({ code: 'worker-died' });
  });

  it.runIf(process.platform === 'linux')('is ended if it uses too much memory, watched from outside', async () => {
    const child = moody({ memoryBytes: 400 * 2 ** 20 });
    expect(await child.ask('double', { value: 4 })).toEqual({ value: 8 });
    await expect(child.ask('hoard', { bytes: 2 ** 32 })).rejects.toMatchObject({
      code: 'worker-died',
      message: expect.stringMatching(/too much memory/) as string,
      details: { cause: 'memory' },
    });
  });

  it('is ended if it takes too long, even if it is blocked', async () => {
    const child = moody();
    await child.ask('double', { value: 1 });
    await expect(child.ask('hang', {}, { timeMs: 300 })).rejects.toMatchObject({
      message: expect.stringMatching(/took too long/) as string,
      details: { cause: 'time' },
    });
    expect(isRunning(processIdentity(child.pid))).toBe(false);
  });

  it('is ended if it is silent for too long; every event counts', async () => {
    const child = moody();
    await child.ask('double', { value: 0 });
    const silent = child.ask('waitForNotice', {}, { silenceMs: 4000 }).catch((error: unknown) => error);
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await child.ask('double', { value: i });
    }
    expect(await silent).toMatchObject({ details: { cause: 'time' } });
  });

  it('is cancelled by a signal: the process is gone, and the signal’s reason is the error', async () => {
    const child = moody();
    await child.ask('double', { value: 1 });
    const cancel = new AbortController();
    const asked = child.ask('hang', {}, { signal: cancel.signal });
    setTimeout(() => cancel.abort(new AppError('cancelled', 'Not wanted any more.')), 100);
    await expect(asked).rejects.toThrow('Not wanted any more.');
    expect(await child.ended).toMatchObject({ cause: 'asked' });
  });

  it('ends with SIGTERM if it can, otherwise with SIGKILL, and its end is awaited', async () => {
    const willing = moody();
    await willing.ask('double', { value: 1 });
    expect(await willing.end(5000)).toEqual({ cause: 'asked', code: null, signal: 'SIGTERM' });
    const stubborn = moody();
    await stubborn.ask('double', { value: 1 });
    process.kill(stubborn.pid, 'SIGSTOP');
    const { pid } = stubborn;
    expect(await stubborn.end(200)).toMatchObject({ signal: 'SIGKILL' });
    expect(isRunning(processIdentity(pid))).toBe(false);
    expect(await stubborn.end()).toMatchObject({ signal: 'SIGKILL' });
  });

  it('runs at low priority, and its output goes into its log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
    const log = join(folder, 'log');
    const child = moody({ priority: 'idle', log, env: { NODE_DEBUG: 'worker' } });
    await child.ask('double', { value: 1 });
    expect(getPriority(child.pid)).toBe(constants.priority.PRIORITY_LOW);
    await child.end();
    expect(readFileSync(log, 'utf8')).toContain('WORKER');
    // A log that cannot be written keeps nobody from working.
    const other = moody({ log: join(folder, 'none', 'log') });
    expect(await other.ask('double', { value: 2 })).toEqual({ value: 4 });
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends when its parent is killed, even if it is blocked', async () => {
    const module = new URL('../../../src/services/jobs/childProcess.ts', import.meta.url).href;
    const contract = new URL('./moodyContract.ts', import.meta.url).href;
    const program = `
      const { startChild } = await import(${JSON.stringify(module)});
      const { moodyContract } = await import(${JSON.stringify(contract)});
      const child = startChild(moodyContract);
      await child.ask('double', { value: 1 });
      process.stdout.write(String(child.pid));
      await child.ask('hang', {});`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = processIdentity(Number(pid.toString()));
    expect(isRunning(child)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isRunning(child), { timeout: 10_000 }).toBe(false);
  });
});
