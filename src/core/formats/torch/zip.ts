import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise } from 'yauzl';
import { AppError, messageOf } from '../../../shared/errors.ts';

const MAX_ENTRIES = 100_000;

/**
 * The entries of a zip file that only stores, as PyTorch writes it: name to bytes (views of `bytes`). Refused are
 * compressed and encrypted entries, two entries whose names differ in nothing but case, names that differ between the
 * directory and the entry itself, wrong checksums, and entries that together are larger than the file.
 * @throws AppError `bad-input`, or `unsupported` where it holds a program.
 */
export async function readStoredZip(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, Uint8Array>();
  const folded = new Set<string>();
  let total = 0;
  try {
    const zip = await fromBufferPromise(buffer);
    if (zip.entryCount > MAX_ENTRIES) throw damaged('it has too many entries');
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      const key = name.normalize('NFC').toLowerCase();
      if (folded.has(key)) throw damaged(`two entries are called ${name}`);
      folded.add(key);
      if (/^[^/]+\/code\//.test(name))
        throw new AppError(
          'unsupported',
          `This is a TorchScript file, a program with its weights (${name}). Save the state_dict of the network instead.`,
        );
      if (entry.compressionMethod !== 0 || entry.isEncrypted())
        throw damaged(`${name} is compressed or encrypted, which PyTorch never does`);
      total += entry.uncompressedSize;
      if (total > bytes.length) throw damaged('its entries overlap');
      entries.set(name, await contentOf(entry, bytes, (of) => zip.readLocalFileHeaderPromise(of)));
    }
  } catch (error) {
    throw error instanceof AppError ? error : damaged(messageOf(error).replace(/\.$/, ''), error);
  }
  return entries;
}

async function contentOf(
  entry: Entry,
  bytes: Uint8Array,
  localHeader: (entry: Entry) => Promise<{ fileDataStart: number; fileName: Buffer }>,
): Promise<Uint8Array> {
  const { fileDataStart, fileName } = await localHeader(entry);
  if (!fileName.equals(entry.fileNameRaw)) throw damaged(`${entry.fileName} has another name inside`);
  const content = bytes.subarray(fileDataStart, fileDataStart + entry.uncompressedSize);
  if (content.length !== entry.uncompressedSize) throw damaged(`${entry.fileName} is cut off`);
  if (crc32(content) !== entry.crc32) throw damaged(`the checksum of ${entry.fileName} is wrong`);
  return content;
}

function damaged(reason: string, cause?: unknown): AppError {
  return new AppError(
    'bad-input',
    `This PyTorch file is damaged or was altered: ${reason}. Get it again from where it came from.`,
    { cause },
  );
}
