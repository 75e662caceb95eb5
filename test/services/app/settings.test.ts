import { execFile, execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { engineFacts } from '../../../src/services/app/doctor.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { engineEnvironment, importSettings, readSettings } from '../../../src/services/app/settings.ts';
import { type History, openHistory } from '../../../src/database/history.ts';

// What is in the environment when the program starts is not the settings' to change.
vi.hoisted(() => void delete process.env['CUDA_VISIBLE_DEVICES']);

let home: Home;
const opened: History[] = [];
/** The history, with what an earlier version kept read in, as the program does at its start. */
const open = (): History => {
  const history = openHistory(home);
  opened.push(history);
  importSettings(home, history);
  return history;
};
const old = (): string => join(home.root, 'settings.json');
beforeEach(() => {
  home = openHome(mkdtempSync(join(tmpdir(), 'mcir-settings-')));
});
afterEach(() => {
  for (const history of opened.splice(0)) history.db.close();
  rmSync(home.root, { recursive: true, force: true });
});

test('a change keeps everything else, and null restores the default', () => {
  const { settings } = open();
  settings.change({ theme: 'light', threads: 3 });
  expect(settings.change({ language: 'zh' })).toMatchObject({ theme: 'light', threads: 3, language: 'zh' });
  expect(readSettings(home)).toEqual(settings.read());
  settings.change({ threads: null });
  expect(readSettings(home).threads).toBeNull();
});

test('40 changes at once by several programs are all kept', async () => {
  const names = ['theme', 'language', 'device', 'threads', 'tileMemory', 'welcomed'] as const;
  const changes = [
    { theme: 'light' },
    { language: 'zh' },
    { device: 'cpu' },
    { threads: 7 },
    { tileMemory: 512 },
    { welcomed: true },
  ] as const;
  const program = `
    import { openHistory } from '${new URL('../../../src/database/history.ts', import.meta.url).href}';
    const { settings } = openHistory({ database: ${JSON.stringify(home.database)} });
    for (let i = 0; i < 10; i++) settings.change(JSON.parse(process.argv[1]));`;
  open();
  const run = promisify(execFile);
  await Promise.all(
    changes
      .slice(0, 4)
      .map((change) => run(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(change)])),
  );
  const { settings } = open();
  for (const change of changes.slice(4)) settings.change(change);
  const kept = settings.read();
  expect(names.map((name) => kept[name])).toEqual(['light', 'zh', 'cpu', 7, 512, true]);
});

test('the file of an earlier version is imported once and kept; an invalid value counts as not set', () => {
  writeFileSync(old(), '{"theme": "light", "threads": "many", "tileMemory": -1, "other": 1}');
  expect(readSettings(home)).toMatchObject({ theme: 'light', threads: null, tileMemory: null });
  const { settings } = open();
  expect(settings.read()).toMatchObject({ theme: 'light', threads: null, tileMemory: null });
  expect(existsSync(old())).toBe(false);
  settings.change({ theme: 'system' });
  expect(open().settings.read().theme).toBe('system');
  // A program of an earlier version has written its file once more: what was chosen here since then holds.
  writeFileSync(old(), '{"theme": "light", "language": "zh"}');
  expect(open().settings.read()).toMatchObject({ theme: 'system', language: 'zh' });
});

test('a damaged file is set aside, and so is a damaged database, whose settings are imported into the new one', () => {
  writeFileSync(old(), '{"theme": ');
  const { settings, db } = open();
  expect(settings.read().theme).toBe('dark');
  expect(readdirSync(home.root).filter((name) => name.startsWith('settings'))).toEqual([
    expect.stringMatching(/^settings\.damaged-\d+\.json$/),
  ]);
  settings.change({ threads: 5 });
  // Room behind the settings, which is then damaged.
  db.exec('CREATE TABLE filler (x); CREATE INDEX by_x ON filler (x);');
  db.exec(
    'INSERT INTO filler WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT i FROM n',
  );
  db.close();
  const file = openSync(home.database, 'r+');
  writeSync(file, Buffer.alloc(40_000, 0x5a), 0, 40_000, 300_000);
  closeSync(file);
  const next = open();
  expect(next.setAside).toBeDefined();
  expect(next.settings.read().threads).toBe(5);
});

test('child processes started afterwards use the settings: threads for the engine, memory for tiles, and no GPU', async () => {
  const { settings } = open();
  const chosen = (): string =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { chosenTileMemory } from '${new URL('../../../src/core/engine/settings.ts', import.meta.url).href}'; process.stdout.write(chosenTileMemory() + ' ' + process.env.CUDA_VISIBLE_DEVICES)`,
      ],
      { encoding: 'utf8', env: { ...process.env, ...engineEnvironment(readSettings(home)) } },
    );
  settings.change({ threads: 1, tileMemory: 200, device: 'cpu' });
  expect((await engineFacts(home)).device.threads).toBe(1);
  expect(chosen()).toBe(`${200 * 2 ** 20} -1`);
  settings.change({ threads: null, tileMemory: null, device: 'auto' });
  expect(chosen()).toBe('undefined undefined');
  expect(process.env['MCIR_THREADS']).toBeUndefined();
});
