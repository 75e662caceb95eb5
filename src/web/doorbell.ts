import { createHash, createHmac, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePrivately } from '../core/files/privateFile.ts';
import { AppError } from '../shared/errors.ts';
import { sameSecret } from './guard.ts';

/**
 * How a second start finds the running program: it connects to a socket and gets an address for the browser. The socket
 * is in a folder that no other user can read. On Windows it is a named pipe, which is in no folder. On all systems,
 * both ends also prove that they know a key from the home folder, without sending it.
 */

/** The longest socket path that both Linux and macOS accept. */
const LONGEST = 100;
const PATIENCE_MS = 2000;

interface Place {
  folder: string;
  socket: string;
  key: string;
}

/**
 * Asks the program that serves this home folder. @returns an address for the browser; undefined if no program answers
 */
export async function ring(home: string): Promise<string | undefined> {
  for (const place of await places(home)) {
    const answer = await ringAt(place);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

export interface Doorbell {
  close(): Promise<void>;
}

/**
 * Answers every connection with a fresh address.
 * @throws AppError `conflict` if another program already serves this home folder, or the system's error
 */
export async function hangDoorbell(home: string, invite: () => string): Promise<Doorbell> {
  let failure: unknown;
  for (const place of await places(home)) {
    try {
      await makePrivate(place.folder);
      if ((await ringAt(place)) !== undefined)
        throw new AppError('conflict', 'MCIR Studio was started twice at the same moment. Start it again.');
      const key = randomBytes(32).toString('base64url');
      await writePrivately(place.key, key);
      // Left behind by a program that was killed.
      if (process.platform !== 'win32') await rm(place.socket, { force: true });
      const server = await listen(place.socket, key, invite);
      if (process.platform !== 'win32') await chmod(place.socket, 0o600);
      return { close: () => new Promise((resolve) => server.close(() => resolve())) };
    } catch (error) {
      if (error instanceof AppError) throw error;
      // Not every file system supports sockets; the next place is tried.
      failure = error;
    }
  }
  throw failure;
}

/** Possible places of the socket: the home folder, or a private temporary folder if that path is too long. */
async function places(home: string): Promise<Place[]> {
  const real = await realpath(home);
  const name = createHash('sha256').update(real).digest('hex').slice(0, 16);
  const own = join(real, 'door');
  if (process.platform === 'win32')
    return [{ folder: own, socket: `\\\\.\\pipe\\mcir-studio-${name}`, key: join(own, 'key') }];
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? tmpdir();
  return [own, join(runtime, `mcir-studio-${process.getuid?.() ?? 0}-${name}`)]
    .map((folder) => ({ folder, socket: join(folder, 'studio.sock'), key: join(folder, 'key') }))
    .filter(({ socket }) => Buffer.byteLength(socket) <= LONGEST);
}

async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(folder);
  if (!found.isDirectory() || !isOwn(found.uid)) throw new Error(`${folder} belongs to somebody else.`);
  if (process.platform !== 'win32') await chmod(folder, 0o700);
}

/** Whether the folder belongs to this user and nobody else can write to it. */
async function isPrivate(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (!found?.isDirectory()) return false;
  return process.platform === 'win32' || (isOwn(found.uid) && (found.mode & 0o077) === 0);
}

const isOwn = (uid: number): boolean => process.getuid === undefined || uid === process.getuid();

const proof = (key: string, ...parts: string[]): string =>
  createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');

/** The answer from one place; undefined if nobody listens, or if the listener does not know the key. */
async function ringAt({ folder, socket, key: keyFile }: Place): Promise<string | undefined> {
  if (!(await isPrivate(folder))) return undefined;
  const key = await readFile(keyFile, 'utf8').catch(() => undefined);
  if (key === undefined) return undefined;
  const nonce = randomBytes(16).toString('base64url');
  const line = connect(socket, function (this: Socket) {
    this.write(`${nonce} ${proof(key, 'ring', nonce)}\n`);
  });
  const [address = '', shown = ''] = ((await firstLine(line)) ?? '').split(' ');
  return sameSecret(shown, proof(key, 'answer', nonce, address)) ? address : undefined;
}

function listen(path: string, key: string, invite: () => string): Promise<Server> {
  const answer = async (socket: Socket): Promise<void> => {
    const [nonce = '', shown = ''] = ((await firstLine(socket, false)) ?? '').split(' ');
    if (!sameSecret(shown, proof(key, 'ring', nonce))) return void socket.destroy();
    const address = invite();
    socket.end(`${address} ${proof(key, 'answer', nonce, address)}\n`);
  };
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void answer(socket));
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject).on('error', () => undefined);
      resolve(server);
    });
  });
}

/** The first line received on a connection; undefined if none arrives in time. Never rejects. */
function firstLine(socket: Socket, last = true): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const end = (line?: string): void => {
      if (line === undefined || last) socket.destroy();
      resolve(line);
    };
    socket
      .setEncoding('utf8')
      .setTimeout(PATIENCE_MS, () => end())
      .on('data', (chunk: string) => {
        text += chunk;
        const [line, ...rest] = text.split('\n');
        if (rest.length > 0) end(line);
        else if (text.length > 1000) end();
      })
      .on('error', () => end())
      .on('close', () => end());
  });
}
