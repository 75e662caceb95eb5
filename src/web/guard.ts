import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Cookies are shared by all ports of a host, so the name carries ours. */
export const cookieName = (port: number): string => `mcir_${port}`;

export type Refusal = { status: 401 | 403; reason: string };

const localNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a request may come in at all. Host: a name of this machine, any port (an ssh tunnel may change it); this
 * stops DNS rebinding. Origin: our own, and required where a cookie could change something. Token: cookie or bearer.
 */
export function refuse(request: IncomingMessage, token: string, port: number): Refusal | undefined {
  return refuseSender(request) ?? refuseToken(request, token, port);
}

/** Checks who sends, not whether they know the token. */
export function refuseSender(request: IncomingMessage): Refusal | undefined {
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
  const byCookie = request.headers.authorization === undefined;
  const changes = request.method !== 'GET' || request.headers.upgrade !== undefined;
  if (byCookie && changes && origin === undefined) return { status: 403, reason: 'The origin is missing.' };
  return undefined;
}

function refuseToken(request: IncomingMessage, token: string, port: number): Refusal | undefined {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const given = bearer ?? cookie(request.headers.cookie ?? '', cookieName(port));
  return given !== undefined && sameSecret(given, token)
    ? undefined
    : { status: 401, reason: 'Open MCIR Studio with the address it printed when it started.' };
}

/** Compares without telling by its duration how much was right. */
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
