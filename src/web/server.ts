import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { AppError, toWire, type ErrorCode } from '../shared/errors.ts';
import type { Studio } from '../services/studio/studio.ts';
import type { Served } from '../services/pictures/thumbnails.ts';
import { cookieName, refuse, refuseSender, type Refusal, sameSecret, type Secrets } from './guard.ts';
import { asset, commonHeaders, page } from './pages.ts';
import { Invitations } from './webSession.ts';

export interface WebServer {
  port: number;
  /** A fresh address that admits one browser. */
  invite(): string;
  close(): Promise<void>;
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  'bad-input': 400,
  'not-found': 404,
  conflict: 409,
  unsupported: 415,
  internal: 500,
};
/** Calls are text; pictures are sent to /import. */
const callLimit = 4 * 1024 * 1024;
/**
 * A browser that does not read its socket is disconnected above this many unsent bytes. It reconnects and asks again.
 */
const socketLimit = 8 * 1024 * 1024;

/**
 * Serves the studio to browsers of this machine: 127.0.0.1 only, every route and the socket behind guard.ts.
 * @param options.port 0 uses `options.usual` if it is free, otherwise another
 * @param options.renderer folder of the built page
 */
export async function startServer(
  studio: Studio,
  options: { port: number; usual?: number | undefined; secrets: Secrets; renderer: string },
): Promise<WebServer> {
  const invitations = new Invitations();
  const { secrets } = options;
  let port = options.port;
  const server = createServer((request, response) => {
    // A broken connection is not an error of the server.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    handle(request, response).catch((error: unknown) => sendError(response, error));
  });

  const invite = (): string => `http://127.0.0.1:${port}/enter/${invitations.issue()}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Used as it was sent, because normalising or decoding could turn it into another path.
    const { scoped, parts, query } = addressOf(request);
    const [area = '', name = '', ...rest] = parts;
    if (!scoped && request.method === 'GET' && area === 'enter' && rest.length === 0)
      return enter(request, response, name);
    const refusal = refuse(request, secrets, port, scoped);
    if (refusal) return sendRefusal(response, refusal);
    const route = `${request.method} /${area}`;
    if (rest.length === 0) {
      if (scoped && route === 'GET /' && parts.length === 1) return sendPage(request, response);
      if (route === 'GET /assets')
        return sendServed(response, await asset(options.renderer, name), 'public, max-age=31536000, immutable');
      if (route === 'GET /picture')
        return sendServed(
          response,
          await studio.picture(name, pictureSize(query), whileOpen(response)),
          'private, max-age=3600',
        );
      if (route === 'POST /api') return sendCall(request, response, name);
      if (route === 'POST /import')
        return sendJson(response, 200, { value: await studio.receive(name, query.get('path') ?? '', request) });
      if (route === 'POST /invite' && name === '') return sendText(response, 200, invite());
    }
    throw new AppError('not-found', 'This address does not exist. Check the path.');
  }

  function enter(request: IncomingMessage, response: ServerResponse, code: string): void {
    const refusal =
      refuseSender(request, false) ??
      (invitations.use(code)
        ? undefined
        : ({ status: 401, reason: 'This address was used already. Start MCIR Studio again for a new one.' } as const));
    if (refusal) return sendRefusal(response, refusal);
    // A page that forwards, not a redirect: a strict cookie is not sent with a redirect that started on another site.
    response.setHeader('set-cookie', [
      // Set by earlier versions; it was sent to every port.
      `${cookieName(port)}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0`,
      `${cookieName(port)}=${secrets.cookie}; HttpOnly; SameSite=Strict; Path=/${secrets.scope}/`,
    ]);
    response.setHeader('cache-control', 'no-store');
    send(
      response,
      200,
      'text/html; charset=utf-8',
      `<!doctype html><meta http-equiv="refresh" content="0;url=/${secrets.scope}/"><link rel="icon" href="data:,"><title>MCIR Studio</title>`,
    );
  }

  /** The parts of a path, and whether it is under the page's scope, which is then removed. */
  function addressOf(request: IncomingMessage): { scoped: boolean; parts: string[]; query: URLSearchParams } {
    const [path = '/', search] = (request.url ?? '/').split('?', 2);
    const [, first = '', ...others] = path.split('/');
    const scoped = sameSecret(first, secrets.scope);
    return { scoped, parts: scoped ? others : [first, ...others], query: new URLSearchParams(search) };
  }

  async function sendPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { body, type, policy } = await page(options.renderer, `ws://${request.headers.host}`);
    response.setHeader('content-security-policy', policy);
    response.setHeader('cache-control', 'no-store');
    send(response, 200, type, body);
  }

  async function sendCall(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const reply = await studio.call(name, await readJson(request));
    sendJson(response, 'error' in reply ? (statusOf[reply.error.code] ?? 422) : 200, reply);
  }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Node hands over the raw connection: from here on, nothing else handles a connection reset.
    socket.on('error', () => socket.destroy());
    const { scoped, parts } = addressOf(request);
    const refusal =
      parts.join('/') === 'events' ? refuse(request, secrets, port, scoped) : ({ status: 404, reason: '' } as const);
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\n\r\n`, () => socket.destroy());
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => client.on('error', () => client.terminate()));
  });
  sockets.on('error', () => undefined);
  const unsubscribe = studio.subscribe((event) => {
    const text = JSON.stringify(event);
    for (const client of sockets.clients) {
      if (client.bufferedAmount > socketLimit) client.terminate();
      else client.send(text, () => undefined);
    }
  });

  port =
    port === 0 && options.usual !== undefined
      ? await listenWhereUsual(server, options.usual)
      : await listen(server, port);
  return {
    port,
    invite,
    close: async () => {
      unsubscribe();
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Listens at the usual port, or at any free one if the usual one is taken. */
async function listenWhereUsual(server: Server, usual: number): Promise<number> {
  try {
    return await listen(server, usual);
  } catch (error) {
    if (error instanceof AppError) return listen(server, 0);
    throw error;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void =>
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError('conflict', `Port ${port} is taken. Choose another with --port, or leave it out.`)
          : error,
      );
    server.once('error', refused);
    server.listen(port, '127.0.0.1', () => {
      // Later errors concern single connections, for example too many at once.
      server.off('error', refused).on('error', () => undefined);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/**
 * Aborted when the browser no longer waits for the answer, for example for thumbnails that were scrolled out of view.
 */
function whileOpen(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  response.once('close', () => left.abort(new AppError('cancelled', 'The browser closed the connection.')));
  return left.signal;
}

function pictureSize(query: URLSearchParams): number | undefined {
  const text = query.get('size');
  if (text === null) return undefined;
  const size = Number(text);
  if (!Number.isInteger(size) || size < 16 || size > 4096)
    throw new AppError('bad-input', 'The size must be a whole number from 16 to 4096.');
  return size;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (request.headers['content-type'] !== 'application/json')
    throw new AppError('bad-input', 'The request is not JSON. Send a call as JSON.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > callLimit) throw new AppError('bad-input', 'The request is too large.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new AppError('bad-input', 'The request is not JSON. Send a call as JSON.', { cause });
  }
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...commonHeaders, 'content-type': type });
  response.end(body);
}
const sendText = (response: ServerResponse, status: number, text: string) =>
  send(response, status, 'text/plain; charset=utf-8', text);
const sendJson = (response: ServerResponse, status: number, value: unknown) =>
  send(response, status, 'application/json', JSON.stringify(value));
const sendRefusal = (response: ServerResponse, refusal: Refusal) => sendText(response, refusal.status, refusal.reason);

function sendServed(response: ServerResponse, served: Served | undefined, caching: string): void {
  if (!served) throw new AppError('not-found', 'This address does not exist. Check the path.');
  response.setHeader('cache-control', caching);
  send(response, 200, served.type, served.body);
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const wire = toWire(error);
  // The request may not have been read completely.
  response.setHeader('connection', 'close');
  sendJson(response, statusOf[wire.code] ?? 422, { error: wire });
}
