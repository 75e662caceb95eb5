import { calls } from '../../src/shared/contract.ts';
import { randomStream } from '../../src/core/random.ts';
import type { Tally, Target } from './target.ts';

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PATCH'];
const paths = [
  ...[
    '/',
    '//',
    '/index.html',
    '/assets/',
    '/assets/../../package.json',
    '/assets/%2e%2e%2fpackage.json',
    '/enter/',
    '/enter/x',
  ],
  ...[
    '/api/app.settings',
    '/api/runs.list',
    '/api/__proto__',
    '/api/',
    '/API/app.settings',
    '/api/app.settings/',
    '/import/',
  ],
  ...[
    '/import/x?path=../../x',
    '/picture/x',
    '/picture/..%2f..%2fetc%2fpasswd',
    '/invite',
    '/invite/',
    '/events',
    '/../../etc/passwd',
  ],
];

/** Every route, with every kind of sender that must be refused. */
export async function routes(target: Target, tally: Tally): Promise<void> {
  const own = `127.0.0.1:${target.port}`;
  const hosts = [own, `localhost:${target.port}`, 'evil.example', '127.0.0.1.evil.example', `[::1]:${target.port}`, ''];
  const origins = [undefined, `http://${own}`, 'http://evil.example', 'null', `http://localhost:${target.port + 1}`];
  const secrets: Record<string, string>[] = [
    {},
    { authorization: 'Bearer ' },
    { authorization: `Bearer ${'x'.repeat(43)}` },
    { authorization: `Bearer ${target.bearer.slice(0, -1)}` },
    { authorization: `Basic ${target.bearer}` },
    { cookie: `mcir_${target.port}=${target.bearer}` },
    { cookie: 'mcir_=; mcir', authorization: 'bearer x' },
  ];
  for (const method of methods)
    for (const path of paths)
      for (const host of hosts) {
        const answers = origins.flatMap((origin) =>
          secrets.map(async (secret) => {
            const headers = { host, ...(origin && { origin }), ...secret, 'content-type': 'application/json' };
            const { status, body } = await target.send(method, path, headers, method === 'POST' ? '{}' : undefined);
            tally.expect(
              status === 0 || (status >= 400 && status < 500),
              () =>
                `${method} ${path} host ${host} origin ${origin} ${Object.keys(secret).join()}: ${status} ${body.slice(0, 80)}`,
            );
          }),
        );
        await Promise.all(answers);
      }
  // The right secret from the wrong place.
  for (const path of ['/api/app.settings', '/invite'])
    for (const headers of [
      { host: 'evil.example' },
      { host: own, origin: 'http://evil.example' },
      { host: own, 'sec-fetch-site': 'cross-site' },
    ]) {
      const bearer = { authorization: `Bearer ${target.bearer}`, 'content-type': 'application/json' };
      const { status } = await target.send('POST', path, { ...bearer, ...headers }, '{}');
      tally.expect(status === 403, () => `${path} with ${JSON.stringify(headers)}: ${status}`);
    }
}

/** Connections that break off, send garbage or never end. */
export async function connections(target: Target, tally: Tally): Promise<void> {
  const random = randomStream(1, 'connections');
  const host = `Host: 127.0.0.1:${target.port}\r\n`;
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;
  const allowed = `Authorization: Bearer ${target.bearer}\r\n`;
  const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.integer(0, 255)));
  const frames = [
    Buffer.from([0x81, 0xfe, 0xff, 0xff]),
    Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x88, 0x00]),
    Buffer.from([0x8f, 0x7f]),
    noise(200),
  ];
  const openings: (string | Buffer)[] = [
    '',
    'GET',
    `GET / HTTP/1.1\r\n${host}`,
    `GET /events HTTP/1.1\r\n${host}${upgrade}\r\n`,
    `GET /x HTTP/1.1\r\n${host}${upgrade}\r\n${'A'.repeat(100_000)}`,
    `POST /api/app.settings HTTP/1.1\r\n${host}${allowed}Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{`,
    `POST /api/app.settings HTTP/1.1\r\n${host}${allowed}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n{}`,
    `POST /import/?path=a.png HTTP/1.1\r\n${host}${allowed}Content-Length: 5000000\r\n\r\n${'x'.repeat(1000)}`,
    `GET /picture/x HTTP/1.1\r\n${host}${allowed}\r\nGET / HTTP/1.1\r\n${host}\r\n`.repeat(50),
    `GET / HTTP/1.1\r\n${host}${'X-Long: ' + 'y'.repeat(20_000) + '\r\n'}\r\n`,
    `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(3000)}\r\n`,
    `POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `CONNECT evil.example:80 HTTP/1.1\r\n${host}\r\n`,
    `GET http://evil.example/ HTTP/1.1\r\n${host}\r\n`,
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ...frames.map((frame) =>
      Buffer.concat([Buffer.from(`GET /events HTTP/1.1\r\n${host}${allowed}${upgrade}\r\n`), frame]),
    ),
  ];
  for (let round = 0; round < 25; round++) {
    const all = openings.flatMap((bytes) =>
      (['reset', 'close', ...(round === 0 ? (['leave'] as const) : [])] as const).map(async (end) => {
        await target.raw(bytes, end);
        tally.expect(target.ended === undefined, () => `${String(bytes).slice(0, 60)} (${end}): ${target.ended}`);
      }),
    );
    all.push(target.raw(noise(random.integer(1, 3000)), 'reset'));
    await Promise.all(all);
  }
  const slow = Array.from({ length: 400 }, () => target.raw(`GET / HTTP/1.1\r\n${host}X-Slow: `, 'leave'));
  const { status } = await target.call('app.settings', {});
  tally.expect(status === 200, () => `beside 400 slow connections: ${status}`);
  await Promise.all(slow);
}

/** Every call of the contract, with input that no window sends. */
export async function inputs(target: Target, tally: Tally): Promise<void> {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const ids = [
    '',
    '..',
    '../../etc/passwd',
    '/etc/passwd',
    '\0',
    'x'.repeat(100_000),
    '__proto__',
    'constructor',
    '💥',
    -1,
    1e300,
    null,
    [],
    {},
  ];
  const fields = [
    'id',
    'run',
    'batch',
    'model',
    'dataset',
    'folder',
    'file',
    'place',
    'name',
    'picture',
    'pictures',
    'places',
    'config',
  ];
  const bodies = [
    ...[
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '1e999',
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
    ],
    ...[deep, `{"a":${deep}}`, JSON.stringify('y'.repeat(3_000_000)), `{${'"k":1,'.repeat(100_000)}"k":1}`],
    ...ids.map((id) => JSON.stringify(Object.fromEntries(fields.map((field) => [field, id])))),
    ...ids.slice(0, 9).map((id) => JSON.stringify(Object.fromEntries(fields.map((field) => [field, [id, id]])))),
  ];
  // These change or end something by design.
  const names = Object.keys(calls).filter((name) => !['app.chooseFolder', 'app.report', 'app.sample'].includes(name));
  for (const name of [...names, 'no.such', '__proto__', 'toString'])
    for (const body of bodies) {
      const { status, body: answer } = await target.callRaw(name, body);
      tally.expect(
        status === 200 || (status >= 400 && status < 500 && !answer.includes('"internal"')),
        () => `${name} with ${body.slice(0, 60)}: ${status} ${answer.slice(0, 200)}`,
      );
    }
}
