import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { calls } from '../../src/shared/contract.ts';
import { leaveBearer } from '../../src/web/webSession.ts';
import { openWeb, type OpenWeb } from './open.ts';

let web: OpenWeb;
beforeAll(async () => {
  web = await openWeb();
});
afterAll(() => web.close());

const send: OpenWeb['send'] = (...request) => web.send(...request);
const origin = (): string => web.origin();
const cookie = (value?: string): string => web.cookie(value);
const own = (): Record<string, string> => web.own();

/** Every route there is; calls by their names. */
const routes: [method: string, path: string][] = [
  ['GET', '/'],
  ['GET', '/assets/index.js'],
  ['GET', `/picture/${'A'.repeat(22)}`],
  ['POST', '/import'],
  ['POST', `/import/${'A'.repeat(22)}?path=a.png`],
  ['POST', '/invite'],
  ...Object.keys(calls).map((name): [string, string] => ['POST', `/api/${name}`]),
];

/** Everything that somebody who should not come in may try. */
const strangers: Record<string, () => Record<string, string>> = {
  'no token': () => ({ origin: origin() }),
  'a wrong token': () => ({ cookie: cookie('x'.repeat(43)), origin: origin() }),
  'a wrong bearer': () => ({ authorization: 'Bearer nonsense' }),
  "another port's cookie": () => ({ cookie: `mcir_1=${web.secrets.cookie}`, origin: origin() }),
  'a foreign Host': () => ({ ...own(), host: 'evil.example' }),
  'a Host that only begins like ours': () => ({ ...own(), host: `127.0.0.1.evil.example:${web.server.port}` }),
  'a foreign Origin': () => ({ ...own(), origin: 'http://evil.example' }),
  "another local port's Origin": () => ({ ...own(), origin: 'http://127.0.0.1:1' }),
  'Origin null': () => ({ ...own(), origin: 'null' }),
  'a fetch of another site': () => ({ ...own(), 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }),
};

describe('hostile requests', () => {
  for (const [who, headers] of Object.entries(strangers)) {
    test(`${who} is refused on every route`, async () => {
      for (const [method, path] of routes) {
        const { status, body } = await send(method, path, headers(), method === 'POST' ? '{}' : '');
        expect([401, 403], `${method} ${path}`).toContain(status);
        for (const secret of [web.secrets.cookie, web.secrets.bearer]) expect(body).not.toContain(secret);
      }
    });

    test(`${who} is refused at the socket`, async () => {
      await expect(openSocket(headers())).rejects.toThrow(/40[13]/);
    });
  }

  test('a cookie without an Origin changes nothing', async () => {
    for (const [method, path] of routes.filter(([verb]) => verb === 'POST'))
      expect((await send(method, path, { cookie: cookie() }, '{}')).status).toBe(403);
    await expect(openSocket({ cookie: cookie() })).rejects.toThrow(/403/);
  });

  test('ids and names that lead elsewhere open nothing', async () => {
    const tries = [
      '..',
      '%2e%2e%2fetc%2fpasswd',
      '..%2f..%2fweb-token',
      '/etc/passwd',
      'A'.repeat(22),
      '%00',
      'web-token',
    ];
    for (const id of tries) {
      for (const area of ['picture', 'assets']) {
        const { status, body } = await send('GET', `/${area}/${id}`, own());
        expect(status, `${area}/${id}`).toBe(404);
        for (const secret of [web.secrets.cookie, web.secrets.bearer]) expect(body).not.toContain(secret);
      }
      const listed = await send('POST', '/api/places.list', own(), JSON.stringify({ folder: id, show: 'folders' }));
      expect([400, 404]).toContain(listed.status);
    }
  });

  test('a dropped file cannot leave its drop, and only a drop takes files', async () => {
    const drop = (
      JSON.parse((await send('POST', '/import/?path=trip%2Fa.png', own(), 'x')).body) as { value: { id: string } }
    ).value;
    const drops = () => readdirSync(dirname(web.studio.handles.path(drop.id)));
    const before = drops();
    for (const name of [
      '../out.png',
      'a/../../out.png',
      '/etc/out.png',
      'a\\..\\b.png',
      '',
      'a//b.png',
      'C:x.png',
      'a\u0000b.png',
    ]) {
      for (const id of ['', drop.id])
        expect((await send('POST', `/import/${id}?path=${encodeURIComponent(name)}`, own(), 'x')).status, name).toBe(
          400,
        );
    }
    expect(drops()).toEqual(before);
    const home = web.studio.handles.issue(web.folder);
    expect((await send('POST', `/import/${home}?path=a.png`, own(), 'x')).status).toBe(400);
    expect((await send('POST', `/import/${drop.id}?path=trip%2Fb.png`, own(), 'x')).status).toBe(200);
  });

  test('unknown calls, wrong methods and bodies that are no JSON are refused', async () => {
    expect((await send('POST', '/api/app.nothing', own(), '{}')).status).toBe(404);
    expect((await send('POST', '/api/constructor', own(), '{}')).status).toBe(404);
    expect((await send('GET', '/api/app.info', own())).status).toBe(404);
    expect((await send('POST', '/api/app.info', own(), '{')).status).toBe(400);
    expect((await send('POST', '/api/app.info', { ...own(), 'content-type': 'text/plain' }, '{}')).status).toBe(400);
    expect((await send('POST', '/api/app.info', own(), '{"extra":1}')).status).toBe(400);
    expect((await send('POST', '/api/app.info', own(), ' '.repeat(5_000_000))).status).toBe(400);
  });
});

describe('the loopback server', () => {
  test('admits one browser for each invitation, with a cookie that scripts and other sites cannot use', async () => {
    const path = new URL(web.server.invite()).pathname;
    const first = await web.sendRaw('GET', path);
    expect(first.status).toBe(200);
    const [old = '', cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toBe(
      `mcir_${web.server.port}=${web.secrets.cookie}; HttpOnly; SameSite=Strict; Path=/${web.secrets.scope}/`,
    );
    // The lasting cookie of earlier versions is taken away.
    expect(old).toBe(`mcir_${web.server.port}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0`);
    expect((await web.sendRaw('GET', path)).status).toBe(401);
    expect((await web.sendRaw('GET', '/enter/nonsense')).status).toBe(401);
  });

  test('answers a call as the contract says', async () => {
    const { status, body } = await send('POST', '/api/app.info', own(), '{}');
    expect(status).toBe(200);
    expect((JSON.parse(body) as { value: { folders: { home: string } } }).value.folders.home).toBe(web.folder);
  });

  test('takes the cookie under the scope of the page only, and the bearer outside it only', async () => {
    const bearer = { authorization: `Bearer ${web.secrets.bearer}`, 'content-type': 'application/json' };
    expect((await web.sendRaw('POST', '/api/app.info', bearer, '{}')).status).toBe(200);
    expect((await send('POST', '/api/app.info', { ...bearer, origin: origin() }, '{}')).status).toBe(401);
    expect((await web.sendRaw('POST', '/api/app.info', own(), '{}')).status).toBe(401);
    // One is not taken for the other.
    expect((await send('POST', '/api/app.info', { ...own(), cookie: cookie(web.secrets.bearer) }, '{}')).status).toBe(
      401,
    );
    const crossed = { authorization: `Bearer ${web.secrets.cookie}` };
    expect((await web.sendRaw('POST', '/api/app.info', crossed, '{}')).status).toBe(401);
  });

  test('leaves the bearer in a file that only its owner reads', async () => {
    await leaveBearer(web.folder, web.secrets.bearer);
    expect((await stat(join(web.folder, 'web-token'))).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(web.folder, 'web-token'), 'utf8')).toBe(web.secrets.bearer);
  });

  test('sends events to an admitted socket', async () => {
    const socket = await openSocket(own());
    const heard = new Promise<string>((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())));
    await web.studio.handlers['datasets.remove']({ dataset: 'none' });
    expect(JSON.parse(await heard)).toEqual({ name: 'changed', data: 'datasets' });
    socket.terminate();
  });
});

function openSocket(headers: Record<string, string>): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${web.server.port}/${web.secrets.scope}/events`, { headers });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}
