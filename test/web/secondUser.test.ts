import { execFile } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hangDoorbell, ring, type Doorbell } from '../../src/web/doorbell.ts';
import { leaveBearer, writeDoor } from '../../src/web/webSession.ts';
import { openWeb, type OpenWeb } from './open.ts';

/** Somebody else on this machine: the user `nobody`, as whom only root can start a process. */
const nobody = 65534;
const why = process.getuid?.() === 0 ? '' : 'needs root, to act as another user';

describe.skipIf(why !== '')(`another user of this machine${why && ` (${why})`}`, () => {
  let web: OpenWeb;
  let bell: Doorbell;
  let home: string;
  beforeAll(async () => {
    // As earlier versions left it: open to everybody, in a folder that everybody can reach.
    home = await mkdtemp(join(tmpdir(), 'mcir-open-'));
    chmodSync(home, 0o755);
    await mkdir(join(home, 'home'), { mode: 0o755 });
    web = await openWeb(join(home, 'home'));
    bell = await hangDoorbell(web.folder, () => web.server.invite());
    await leaveBearer(web.folder, web.secrets.bearer);
    await writeDoor(web.folder, web.server.invite());
  });
  afterAll(async () => {
    await bell.close();
    await web.close();
    await rm(home, { recursive: true, force: true });
  });

  const asNobody = async (code: string): Promise<string> =>
    (
      await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
        uid: nobody,
        gid: nobody,
        cwd: '/',
        env: { HOME: '/nonexistent' },
      })
    ).stdout.trim();

  test('reads nothing in the home folder, whatever its files are called', async () => {
    const files = readdirSync(web.folder, { recursive: true, encoding: 'utf8' }).map((name) => join(web.folder, name));
    expect(files.length).toBeGreaterThan(8);
    const code = `import { readFileSync, readdirSync, accessSync } from 'node:fs';
      const open = ${JSON.stringify([web.folder, ...files])}.filter((path) => [readFileSync, readdirSync, accessSync].some((look) => { try { look(path); return true } catch { return false } }));
      console.log(JSON.stringify(open));`;
    // The folder itself can be named, as all of them in its parent.
    expect(JSON.parse(await asNobody(code))).toEqual([web.folder]);
    expect(statSync(web.folder).mode & 0o777).toBe(0o700);
    for (const name of ['mcir.sqlite', 'logs/studio.log', 'web-token', 'open.html', 'door/key', 'door/studio.sock'])
      expect(statSync(join(web.folder, name)).mode & 0o077, name).toBe(0);
  });

  test('is not answered at the doorbell', async () => {
    const code = `import { connect } from 'node:net';
      connect(${JSON.stringify(join(web.folder, 'door', 'studio.sock'))}).on('error', (error) => console.log(error.code)).on('connect', () => { console.log('in'); process.exit(); });`;
    expect(await asNobody(code)).toBe('EACCES');
    expect(await ring(web.folder)).toMatch(/^http:/);
  });

  test('is not let in over the network, and finds no secret in the list of processes', async () => {
    const code = `
      const tries = ['/', '/api/app.info', '/enter/x', '/invite', '/${'A'.repeat(43)}/', '/%2e%2e/'];
      const told = await Promise.all(tries.map(async (path) => (await fetch('http://127.0.0.1:${web.server.port}' + path, { method: path.startsWith('/api') ? 'POST' : 'GET' })).status));
      console.log(JSON.stringify(told));`;
    for (const status of JSON.parse(await asNobody(code)) as number[]) expect([401, 403]).toContain(status);
    const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'args='], {
      uid: nobody,
      gid: nobody,
      cwd: '/',
    });
    for (const secret of Object.values(web.secrets)) expect(stdout).not.toContain(secret);
  });
});
