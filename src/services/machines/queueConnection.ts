import { readFile, stat } from 'node:fs/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { AppError, messageOf } from '../../shared/errors.ts';
import { WORK_SCHEMA } from '../../shared/machines.ts';
import type { QueueAddress } from '../../shared/travel.ts';

/** The prefix of all keys of this program in Redis. */
export const QUEUE_PREFIX = 'mcir';
const SCHEMA_KEY = `${QUEUE_PREFIX}:schema`;
/** BullMQ needs 6.2. Valkey reports 7.2.4 here. */
const OLDEST = [6, 2] as const;
/** Time limit for the first connection. Later ones are retried without limit. */
const FIRST_MS = 10_000;
const MOST_WAIT_MS = 2000;

type Options = RedisOptions & { replyMapping?: 'legacy' };

/** Connections to a Redis that has passed the checks of {@link connectQueue}. */
export class QueueConnection {
  readonly #options: Options;
  readonly #open = new Set<Redis>();
  /** For short commands. They wait while Redis is unreachable. */
  readonly redis: Redis;

  constructor(options: Options, first: Redis) {
    this.#options = options;
    this.redis = first;
    this.#open.add(first);
  }

  /** Another connection, because waiting for work blocks one. It reconnects by itself. */
  another(): Redis {
    const redis = quiet(new Redis({ ...this.#options, ...lasting }));
    this.#open.add(redis);
    return redis;
  }

  get isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /** Closes all connections at once. */
  close(): void {
    for (const redis of this.#open) redis.disconnect();
  }
}

const lasting = {
  maxRetriesPerRequest: null,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), MOST_WAIT_MS),
} satisfies Options;

/**
 * Connects to Redis and checks that it keeps work safely.
 * @param firstMs time limit for the first connection
 * @throws AppError `io` if it cannot be reached; `unsupported` if it is too old, may evict keys, or holds work of
 * another version; `bad-input` for a wrong address or password
 */
export async function connectQueue(address: QueueAddress, firstMs = FIRST_MS): Promise<QueueConnection> {
  const options = await optionsOf(address);
  const first = quiet(new Redis({ ...options, ...lasting, lazyConnect: true }));
  let last: unknown;
  first.on('error', (error) => (last = error));
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unreachable(address, last)), firstMs);
    });
    const refused = new Promise<never>((_, reject) => {
      first.on('error', (error) => {
        const sentence = refusal(error);
        if (sentence !== undefined) reject(new AppError('bad-input', sentence, { cause: error }));
      });
    });
    const checked = first.connect().then(
      () => check(first, address),
      // The client retries by itself until the time is over.
      () => once(first, 'ready').then(() => check(first, address)),
    );
    refused.catch(() => undefined);
    await Promise.race([checked, late, refused]);
    return new QueueConnection(options, first);
  } catch (error) {
    first.disconnect();
    const sentence = refusal(error);
    if (error instanceof AppError || sentence === undefined) throw error;
    throw new AppError('bad-input', sentence, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

const once = (redis: Redis, event: string): Promise<void> =>
  new Promise((resolve) => redis.once(event, () => resolve()));

/** ioredis prints errors that have no listener. Code that waits for Redis notices errors by itself. */
function quiet(redis: Redis): Redis {
  redis.setMaxListeners(100);
  return redis.on('error', () => undefined);
}

async function check(redis: Redis, { url }: QueueAddress): Promise<void> {
  const info = await redis.info();
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new AppError(
      'unsupported',
      `The Redis at ${url} is version ${version}, which is too old. Install Redis 6.2 or later.`,
    );
  const policy = field('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction')
    throw new AppError(
      'unsupported',
      `The Redis at ${url} may delete work when its memory is full (maxmemory-policy ${policy}). Set maxmemory-policy to noeviction there.`,
    );
  const schema = await redis.set(SCHEMA_KEY, String(WORK_SCHEMA), 'NX', 'GET');
  if (schema !== null && schema !== String(WORK_SCHEMA))
    throw new AppError(
      'unsupported',
      `The queue at ${url} holds work of another version of this program (form ${schema}, this one knows ${WORK_SCHEMA}). Use the same version on every machine, or another queue.`,
    );
}

/** Permanent errors, as a sentence. */
function refusal(error: unknown): string | undefined {
  const message = messageOf(error);
  if (/WRONGPASS|NOAUTH|invalid username-password/i.test(message))
    return 'Redis refuses the user or the password. Check MCIR_QUEUE_PASSWORD or the password file, and the user.';
  if (/NOPERM/.test(message))
    return `Redis does not allow this user what the queue needs (${message}). Give it the rights that docs/scale.md lists.`;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/.test(code))
    return `The certificate of Redis is not accepted (${message}). Name the authority that signed it with --queue-ca FILE.`;
  return undefined;
}

function unreachable({ url }: QueueAddress, last: unknown): AppError {
  const why = last === undefined ? '' : ` (${messageOf(last) || (last as NodeJS.ErrnoException).code})`;
  return new AppError(
    'io',
    `The queue at ${url} cannot be reached${why}. Check the address, and that Redis runs there.`,
  );
}

/** @throws AppError `bad-input`, `not-found` */
async function optionsOf({ url, user, passwordFile, ca, cert, key }: QueueAddress): Promise<Options> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') || parsed.hostname === '')
    throw new AppError(
      'bad-input',
      `${withoutSecret(url)} is no address of a queue. Write redis://HOST:PORT or rediss://HOST:PORT.`,
    );
  if (parsed.password !== '')
    throw new AppError(
      'bad-input',
      'A password does not belong into the address of the queue, where others can read it. Put it into MCIR_QUEUE_PASSWORD, or into a file that --queue-password-file names.',
    );
  const username =
    user ?? (parsed.username === '' ? process.env['MCIR_QUEUE_USER'] : decodeURIComponent(parsed.username));
  const password =
    passwordFile === undefined ? process.env['MCIR_QUEUE_PASSWORD'] : (await readSecret(passwordFile)).trim();
  const tls = {
    ...(ca === undefined ? {} : { ca: await readSecret(ca) }),
    ...(cert === undefined ? {} : { cert: await readSecret(cert) }),
    ...(key === undefined ? {} : { key: await readSecret(key) }),
  };
  if (Object.keys(tls).length > 0 && parsed.protocol === 'redis:')
    throw new AppError('bad-input', 'A certificate is used only with TLS. Write rediss:// instead of redis://.');
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    db: parsed.pathname.length > 1 ? Number(parsed.pathname.slice(1)) : 0,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined || password === '' ? {} : { password }),
    ...(parsed.protocol === 'rediss:' ? { tls: { servername: parsed.hostname, ...tls } } : {}),
  };
}

const withoutSecret = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');

async function readSecret(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > 100_000) throw new Error('it is too large');
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('not-found', `The file ${file} cannot be read: ${messageOf(cause)}. Check its path.`, { cause });
  }
}
