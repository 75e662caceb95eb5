import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../src/services/app/home.ts';
import { openServices } from '../../src/services/app/openServices.ts';
import { openStudio, type Studio } from '../../src/services/studio/studio.ts';
import { startServer, type WebServer } from '../../src/web/server.ts';
import { newSecrets, type Secrets } from '../../src/web/guard.ts';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** The loopback server over a home folder of its own, and requests to it as they are. */
export interface OpenWeb {
  folder: string;
  studio: Studio;
  server: WebServer;
  secrets: Secrets;
  /** A request under the page's scope, without what fetch would set right. */
  readonly send: (method: string, path: string, headers?: Record<string, string>, body?: string) => Promise<Answer>;
  /** The same at the address as it is given. */
  readonly sendRaw: (method: string, path: string, headers?: Record<string, string>, body?: string) => Promise<Answer>;
  readonly origin: () => string;
  readonly cookie: (value?: string) => string;
  /** Headers of the page itself. */
  readonly own: () => Record<string, string>;
  readonly close: () => Promise<void>;
}

/** @param home by default a new folder */
export async function openWeb(home?: string): Promise<OpenWeb> {
  const folder = home ?? (await mkdtemp(join(tmpdir(), 'mcir-web-')));
  const services = await openServices(openHome(folder));
  const studio = await openStudio(services);
  const secrets = newSecrets();
  const server = await startServer(studio, { port: 0, secrets, renderer: folder });
  const { port } = server;
  const origin = (): string => `http://127.0.0.1:${port}`;
  const cookie = (value = secrets.cookie): string => `mcir_${port}=${value}`;
  const sendRaw: OpenWeb['send'] = (method, path, headers = {}, body = '') =>
    new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port, method, path, headers: { host: `127.0.0.1:${port}`, ...headers } },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  return {
    folder,
    studio,
    server,
    secrets,
    origin,
    cookie,
    own: () => ({ cookie: cookie(), origin: origin(), 'content-type': 'application/json' }),
    send: (method, path, headers, body) => sendRaw(method, `/${secrets.scope}${path}`, headers, body),
    sendRaw,
    close: async () => {
      await server.close();
      await studio.close();
      await services.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
