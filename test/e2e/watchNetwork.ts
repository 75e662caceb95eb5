import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';

/**
 * Loaded before anything else into every process of the program (`NODE_OPTIONS=--import`): each connection to another machine
 * that is tried, whether it comes about or not, is noted in the file that NETWORK_NOTES names.
 */
const original = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket;

Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  const host = hostOf(args);
  if (!/^(localhost|127\.[\d.]+|::1)$/.test(host))
    appendFileSync(process.env['NETWORK_NOTES'] ?? '', `${host} by ${process.argv.join(' ')}\n`);
  return Reflect.apply(original, this, args);
};

/** Node calls it with (options), (port, host), (path), or an array of these; what has a path stays on this machine. */
function hostOf([first, second]: unknown[]): string {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'string') return 'localhost';
  if (typeof options !== 'object' || options === null) return typeof second === 'string' ? second : 'localhost';
  const { host = 'localhost', path } = options as { host?: string; path?: string | null };
  return path == null ? host : 'localhost';
}
