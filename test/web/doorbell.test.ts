import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hangDoorbell, ring } from '../../src/web/doorbell.ts';

const address = 'http://127.0.0.1:1234/enter/abc';
const windows = process.platform === 'win32';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mcir-door-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const socketOf = (folder = home): string => join(folder, 'door', 'studio.sock');

describe.skipIf(windows)('the doorbell', () => {
  test('gives a second start an address, through a socket that only its owner can reach', async () => {
    expect(await ring(home)).toBeUndefined();
    const bell = await hangDoorbell(home, () => address);
    expect(await ring(home)).toBe(address);
    expect(lstatSync(join(home, 'door')).mode & 0o777).toBe(0o700);
    expect(lstatSync(socketOf()).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(home, 'door', 'key')).mode & 0o777).toBe(0o600);
    await bell.close();
    expect(await ring(home)).toBeUndefined();
  });

  test('works after a program that was killed, and refuses to start beside a running one', async () => {
    const killed = await hangDoorbell(home, () => address);
    const remains = readFileSync(join(home, 'door', 'key'));
    await killed.close();
    writeFileSync(socketOf(), '');
    writeFileSync(join(home, 'door', 'key'), remains);
    expect(await ring(home)).toBeUndefined();
    const bell = await hangDoorbell(home, () => address);
    expect(await ring(home)).toBe(address);
    await expect(hangDoorbell(home, () => address)).rejects.toThrow('started twice');
    expect(await ring(home)).toBe(address);
    await bell.close();
  });

  test('does not trust a server that does not know the key', async () => {
    const bell = await hangDoorbell(home, () => address);
    await bell.close();
    const heard: string[] = [];
    const impostor = await listen(socketOf(), (text) => heard.push(text));
    expect(await ring(home)).toBeUndefined();
    expect(heard.join('')).not.toContain(readFileSync(join(home, 'door', 'key'), 'utf8'));
    impostor.close();
  });

  test('does not answer a client that does not know the key', async () => {
    const bell = await hangDoorbell(home, () => address);
    expect(await talk(socketOf(), 'nonce proof\n')).toBe('');
    expect(await talk(socketOf(), `${'x'.repeat(5000)}`)).toBe('');
    expect(await ring(home)).toBe(address);
    await bell.close();
  });

  test('does not use a socket in a folder that others can write to', async () => {
    const bell = await hangDoorbell(home, () => address);
    chmodSync(join(home, 'door'), 0o755);
    expect(await ring(home)).toBeUndefined();
    await bell.close();
  });

  test('uses another place if the path of the home folder is too long for a socket', async () => {
    const deep = join(home, 'a'.repeat(60), 'b'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const bell = await hangDoorbell(deep, () => address);
    expect(existsSync(socketOf(deep))).toBe(false);
    expect(await ring(deep)).toBe(address);
    await bell.close();
  });
});

function listen(path: string, onText: (text: string) => void): Promise<Server> {
  rmSync(path, { force: true });
  return new Promise((resolve) => {
    const server = createServer((socket) =>
      socket.setEncoding('utf8').on('data', (text: string) => {
        onText(text);
        socket.end('http://127.0.0.1:666/enter/evil proof\n');
      }),
    ).listen(path, () => resolve(server));
  });
}

function talk(path: string, said: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(path, () => socket.write(said));
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => (heard += text))
      .on('error', () => undefined)
      .on('close', () => resolve(heard));
  });
}
