import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-last-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (path: string): string => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);

interface End {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program that has a last resort, which says "noted" and "saved". */
async function run(code: string, options = ''): Promise<End> {
  const program = `
    import { installLastResort } from ${source('services/app/lastResort.ts')};
    installLastResort({
      note: (error) => console.log('noted ' + error.message),
      save: async () => { await new Promise((done) => setTimeout(done, 50)); console.log('saved'); },
      ${options}
    });
    ${code}`;
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: End) => error,
  );
}

describe('an error that nothing catches', () => {
  it.each([
    ['an exception', `setTimeout(() => { throw new Error('oh') }, 10)`],
    ['a rejection', `Promise.reject(new Error('oh'))`],
    [
      'a socket without a listener',
      `const { EventEmitter } = await import('node:events'); setImmediate(() => new EventEmitter().emit('error', new Error('oh')))`,
    ],
  ])('is logged, and the program saves and ends: %s', async (_, code) => {
    expect(await run(`${code}; setInterval(() => {}, 1000)`)).toMatchObject({ code: 1, stdout: 'noted oh\nsaved\n' });
  });

  it('is logged if another one occurs while the program saves, and saving continues', async () => {
    const code = `setTimeout(() => { throw new Error('one') }, 10); setTimeout(() => { throw new Error('two') }, 30)`;
    expect(await run(code)).toMatchObject({ code: 1, stdout: 'noted one\nnoted two\nsaved\n' });
  });

  it('ends the program even if logging fails and saving hangs', async () => {
    const code = `setTimeout(() => { throw new Error('oh') }, 10); setInterval(() => {}, 1000)`;
    const end = await run(
      code,
      `note: () => { throw new Error('full') }, save: () => new Promise(() => {}), graceMs: 100`,
    );
    expect(end).toMatchObject({ code: 1, stdout: '' });
  });

  it('does not end a program with a window if a disk caused it', async () => {
    const full = `Object.assign(new Error('no room'), { code: 'ENOSPC' })`;
    const code = `Promise.reject(${full}); setTimeout(() => console.log('goes on'), 100)`;
    expect(await run(code)).toMatchObject({ code: 0, stdout: 'noted no room\ngoes on\n' });
    expect(await run(code, 'endOnStorage: true')).toMatchObject({ code: 1, stdout: 'noted no room\nsaved\n' });
  });

  it('does not end a program whose terminal is gone', async () => {
    const code = `process.stdout.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' })); console.log('goes on')`;
    expect(await run(code)).toMatchObject({ code: 0, stdout: 'goes on\n' });
  });
});

describe('the log', () => {
  it('never throws, and writes later what the disk could not store', async () => {
    const code = `
      const fs = await import('node:fs');
      const { syncBuiltinESMExports } = await import('node:module');
      const { openHome } = await import(${source('services/app/home.ts')});
      const { openLog, logFile } = await import(${source('services/app/log.ts')});
      const home = openHome(${JSON.stringify(join(folder, 'home'))});
      const log = openLog(home);
      log.info('before');
      const write = fs.default.writeSync;
      fs.default.writeSync = (fd, ...rest) => { if (fd > 2) throw Object.assign(new Error('no room'), { code: 'ENOSPC' }); return write(fd, ...rest); };
      for (let i = 0; i < 1000; i++) log.warn('full ' + i);
      fs.default.writeSync = write;
      log.info('after');
      console.log(fs.readFileSync(logFile(home), 'utf8').split('\\n').filter(Boolean).map((line) => JSON.parse(line).msg).join(','));`;
    const { stdout, code: ended } = await run(code);
    expect(ended).toBe(0);
    const said = stdout.trim().split(',');
    expect(said[0]).toBe('before');
    expect(said.at(-1)).toBe('after');
    expect(said).toContain('full 0');
    expect(said).toHaveLength(1002);
  });

  it('does not stop the program if its file cannot be opened', async () => {
    const code = `
      const fs = await import('node:fs');
      const { openHome } = await import(${source('services/app/home.ts')});
      const { openLog, logFile } = await import(${source('services/app/log.ts')});
      const home = openHome(${JSON.stringify(join(folder, 'other'))});
      fs.mkdirSync(logFile(home));
      openLog(home).error('nobody hears it');
      console.log('goes on');`;
    expect(await run(code)).toMatchObject({ code: 0, stdout: 'goes on\n' });
    expect(() => readFileSync(join(folder, 'other', 'logs', 'studio.log'))).toThrow('EISDIR');
  });
});
