import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Served } from '../services/pictures/thumbnails.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/**
 * Content security policy: own scripts, styles with this page's nonce, own pictures and calls. Nothing from other
 * origins.
 */
export function contentSecurityPolicy(nonce: string, socket = ''): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "font-src 'self'",
    `connect-src 'self' ${socket}`.trim(),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Headers of every response. */
export const commonHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** The page with a fresh nonce, in its header and where Mantine reads it. */
export async function page(folder: string, socket?: string): Promise<Served & { policy: string }> {
  const nonce = randomBytes(16).toString('base64');
  const html = (await readFile(join(folder, 'index.html'), 'utf8')).replaceAll('__NONCE__', nonce);
  return {
    body: new TextEncoder().encode(html),
    type: 'text/html; charset=utf-8',
    policy: contentSecurityPolicy(nonce, socket),
  };
}

/** A file from the build. Names consist of letters, digits, `-`, `_` and `.`; any other name is not found. */
export async function asset(folder: string, name: string): Promise<Served | undefined> {
  if (!/^[\w-]+(\.[\w-]+)+$/.test(name)) return undefined;
  const body = await readFile(join(folder, 'assets', name)).catch(() => undefined);
  return body && { body: new Uint8Array(body), type: types[extname(name)] ?? 'application/octet-stream' };
}
