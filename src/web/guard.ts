import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The secrets that admit a browser or a script of this user. All are new at every start. */
export interface Secrets {
  /** Stored in the cookie of an admitted browser. */
  cookie: string;
  /** For scripts of this user, which read it from a file that only its owner can read. */
  bearer: string;
  /**
   * First part of the path of every address of the page. Browsers send a cookie to all ports of a machine, but only for
   * the path it was set for. Another program's port is never asked for this path, so it never gets the cookie.
   */
  scope: string;
}

export function newSecrets(): Secrets {
  const secret = (): string => randomBytes(32).toString('base64url');
  return { cookie: secret(), bearer: secret(), scope: secret() };
}

/** Cookies are shared by all ports of a machine, so the name contains ours. */
export const cookieName = (port: number): string => `mcir_${port}`;

export type Refusal = { status: 401 | 403; reason: string };

const localNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a request may come in at all. Host: a name of this machine, any port (an ssh tunnel may change it); this
 * stops DNS rebinding. Origin: our own, and required where a browser could change something. Secret: the cookie for
 * addresses under {@link Secrets.scope}, the bearer for all others.
 */
export function refuse(request: IncomingMessage, secrets: Secrets, port: number, scoped: boolean): Refusal | undefined {
  return refuseSender(request, scoped) ?? refuseSecret(request, secrets, port, scoped);
}

/**
 * Checks the sender, not the secret. `browser`: the request comes from a browser of ours, so a request that changes
 * something must have an origin.
 */
export function refuseSender(request: IncomingMessage, browser: boolean): Refusal | undefined {
  const host = request.headers.host ?? '';
  if (!localNames.has(host.replace(/:\d+$/, '')))
    return { status: 403, reason: 'This address is not of this machine.' };
  const origin = request.headers.origin;
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, reason: 'Another site may not talk to this program.' };
  const site = request.headers['sec-fetch-site'];
  const opensPage = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !opensPage)
    return { status: 403, reason: 'Another site may not talk to this program.' };
  const changes = request.method !== 'GET' || request.headers.upgrade !== undefined;
  if (browser && changes && origin === undefined) return { status: 403, reason: 'The origin is missing.' };
  return undefined;
}

function refuseSecret(request: IncomingMessage, secrets: Secrets, port: number, scoped: boolean): Refusal | undefined {
  const given = scoped
    ? cookie(request.headers.cookie ?? '', cookieName(port))
    : /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && sameSecret(given, scoped ? secrets.cookie : secrets.bearer)
    ? undefined
    : { status: 401, reason: 'Open MCIR Studio with the address it printed when it started.' };
}

/** Compares in constant time, so that the duration reveals nothing. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function cookie(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}
