import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWeb, type OpenWeb } from './open.ts';

let web: OpenWeb;
const faults: unknown[] = [];
const onFault = (error: unknown): void => void faults.push(error);
beforeAll(async () => {
  web = await openWeb();
  process.on('uncaughtException', onFault);
});
afterAll(async () => {
  process.off('uncaughtException', onFault);
  await web.close();
});

/** Sends the bytes and resets the connection, at once or after a moment. */
async function sendAndReset(bytes: string, waitMs: number): Promise<void> {
  const socket = connect(web.server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  socket.resetAndDestroy();
}

const upgrade = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${web.server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;
const own = (): string => `Cookie: ${web.cookie()}\r\nOrigin: ${web.origin()}\r\n`;
const post = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${web.server.port}\r\n${own()}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`;

describe('a connection that is reset', () => {
  test.each<[string, () => string]>([
    ['a refused upgrade', () => upgrade('/events')],
    ['an upgrade elsewhere', () => upgrade('/x')],
    ['an upgrade with a body behind it', () => upgrade('/events') + 'A'.repeat(1_000_000)],
    ['an upgrade that was let in', () => upgrade(`/${web.secrets.scope}/events`, own())],
    [
      'an upgrade whose handshake is wrong',
      () => upgrade(`/${web.secrets.scope}/events`, `${own()}Sec-WebSocket-Version: 99\r\n`),
    ],
    ['a call in the middle of its body', () => post(`/${web.secrets.scope}/api/app.info`)],
    ['a dropped file in the middle', () => post(`/${web.secrets.scope}/import/?path=a.png`)],
    ['half a request', () => 'GET / HT'],
  ])('ends nothing: %s', async (_, bytes) => {
    for (let i = 0; i < 60; i++) await sendAndReset(bytes(), i % 3 === 0 ? 0 : i % 5);
    const { status } = await web.send('POST', '/api/app.info', web.own(), '{}');
    expect(status).toBe(200);
    expect(faults).toEqual([]);
  });
});
