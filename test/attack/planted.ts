import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Tally, Target } from './target.ts';

/** What lies in the home folder before the program starts. Each is looked at with a start of its own. */
const plants: Record<string, (home: string) => void> = {
  'settings.json is a pipe': (home) => void execFileSync('mkfifo', [join(home, 'settings.json')]),
  'settings.json has no end': (home) => symlinkSync('/dev/zero', join(home, 'settings.json')),
  'settings.json is a folder': (home) => mkdirSync(join(home, 'settings.json')),
  'settings.json is deep': (home) => writeFileSync(join(home, 'settings.json'), '['.repeat(200_000)),
  'datasets.json is a pipe': (home) => void execFileSync('mkfifo', [join(home, 'datasets.json')]),
  'datasets.json is noise': (home) => writeFileSync(join(home, 'datasets.json'), '\0'.repeat(1000)),
  'the history is noise': (home) => writeFileSync(join(home, 'mcir.sqlite'), 'x'.repeat(100_000)),
  'the thumbnails are noise': (home) => plant(join(home, 'cache', 'thumbnails.sqlite'), 'y'.repeat(100_000)),
  'a port of the system': (home) => writeFileSync(join(home, 'web-port'), '22'),
  'a long port': (home) => writeFileSync(join(home, 'web-port'), '9'.repeat(1_000_000)),
  'cards that lead out': (home) => {
    for (const [id, file] of [
      ['a', '../../victim'],
      ['b', '/etc/passwd'],
      ['c', 'c/../../../victim'],
      ['..', 'x'],
    ])
      plant(
        join(home, 'models', `${id}.json`),
        JSON.stringify({ id, file, title: 'x', network: 'nafnet', options: {} }),
      );
  },
  'a card that is a pipe': (home) => {
    mkdirSync(join(home, 'models'), { recursive: true });
    execFileSync('mkfifo', [join(home, 'models', 'p.json')]);
  },
  'presets that are none': (home) => {
    plant(join(home, 'presets', 'a.json'), '{"name":1}');
    plant(join(home, 'presets', 'b.json'), '['.repeat(100_000));
    symlinkSync('/dev/zero', join(home, 'presets', 'zero.json'));
    execFileSync('mkfifo', [join(home, 'presets', 'pipe.json')]);
  },
  'runs that are none': (home) => {
    plant(join(home, 'runs', 'aaaaaaaa', 'run.json'), '{"id":"../../x","name":"x"}');
    plant(join(home, 'runs', 'bbbbbbbb', 'config.yml'), 'a: &a [*a]');
    plant(join(home, 'runs', 'bbbbbbbb', 'run.json'), '{'.repeat(1000));
    mkdirSync(join(home, 'runs', 'cccccccc'));
    execFileSync('mkfifo', [join(home, 'runs', 'cccccccc', 'run.json')]);
  },
  'a name that is no text in every folder': (home) => {
    for (const folder of ['models', 'presets', 'runs', 'logs']) {
      mkdirSync(join(home, folder), { recursive: true });
      writeFileSync(
        Buffer.concat([Buffer.from(`${join(home, folder)}/`), Buffer.from('caf\xe9.json', 'latin1')]),
        '{}',
      );
    }
  },
};

function plant(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Starts on home folders into which somebody has put something. */
export async function planted(tally: Tally, folder: string): Promise<void> {
  const victim = join(folder, 'victim');
  mkdirSync(victim);
  writeFileSync(join(victim, 'keys.txt'), 'precious');
  for (const [name, put] of Object.entries(plants)) {
    const home = join(folder, `planted ${name}`);
    mkdirSync(home, { mode: 0o700 });
    put(home);
    try {
      const target = await Target.start(home);
      for (const call of [
        'app.settings',
        'datasets.list',
        'models.list',
        'models.broken',
        'runs.list',
        'restore.presets',
        'app.log',
      ]) {
        const { status, body } = await target.call(call, {});
        tally.expect(status === 200, () => `${name}: ${call} answers ${status} ${body.slice(0, 160)}`);
      }
      for (const model of ['a', 'b', 'c', 'p', '..']) await target.call('models.remove', { model });
      const end = await target.stop();
      tally.expect(end === undefined, () => `${name}: ${end}`);
    } catch (error) {
      tally.expect(false, () => `${name}: ${String(error).slice(0, 300)}`);
    }
    tally.expect(existsSync(join(victim, 'keys.txt')), () => `${name}: a file outside was removed`);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Clocks of machines without a battery. */
export async function clocks(tally: Tally, folder: string): Promise<void> {
  for (const [name, code] of Object.entries({
    'the year 1970': 'const off = real()',
    'the year 2099': 'const off = real() - Date.UTC(2099, 0, 1)',
    'a clock that jumps': 'let off = 0; setInterval(() => { off = (Math.random() - 0.5) * 1e12 }, 20).unref()',
    'a clock that goes backwards': 'let off = 0; setInterval(() => { off += 60_000 }, 5).unref()',
  })) {
    const preload = join(folder, 'clock.mjs');
    writeFileSync(preload, `const real = Date.now; ${code}; Date.now = () => Math.max(0, real() - off);`);
    const home = join(folder, `clock ${name}`);
    mkdirSync(home);
    try {
      const target = await Target.start(home, [preload]);
      for (let i = 0; i < 20; i++)
        for (const [call, input] of [
          ['app.settings', {}],
          ['app.change', { threads: (i % 8) + 1 }],
          ['runs.list', {}],
          ['places.roots', {}],
        ] as const) {
          const { status } = await target.call(call, input);
          tally.expect(status === 200, () => `${name}: ${call} answers ${status}`);
        }
      const end = await target.stop();
      tally.expect(end === undefined, () => `${name}: ${end}`);
    } catch (error) {
      tally.expect(false, () => `${name}: ${String(error).slice(0, 300)}`);
    }
  }
}

/** What another user of the machine can read or reach. Only root can try it. */
export async function secondUser(target: Target, tally: Tally): Promise<void> {
  const paths = readdirSync(target.home, { recursive: true, encoding: 'utf8' }).map((name) => join(target.home, name));
  const code = `
    import { readFileSync, readdirSync, writeFileSync, accessSync } from 'node:fs';
    import { connect } from 'node:net';
    const paths = ${JSON.stringify(paths)};
    const open = paths.filter((path) => [readFileSync, readdirSync, accessSync, (p) => writeFileSync(p, 'x')].some((act) => { try { act(path); return true } catch { return false } }));
    const shown = readdirSync('/proc').filter((pid) => /^\\d+$/.test(pid)).flatMap((pid) => ['cmdline', 'environ'].map((file) => { try { return readFileSync('/proc/' + pid + '/' + file, 'utf8') } catch { return '' } }));
    console.log(JSON.stringify({ open, told: shown.some((text) => text.includes(${JSON.stringify(target.bearer)}) && !text.includes('readdirSync')) }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    uid: 65534,
    gid: 65534,
    cwd: '/',
    env: { HOME: '/nonexistent' },
  });
  const { open, told } = JSON.parse(stdout) as { open: string[]; told: boolean };
  for (const path of paths) tally.expect(!open.includes(path), () => `another user reaches ${path}`);
  tally.expect(!told, () => 'a list of processes shows the secret');
}
