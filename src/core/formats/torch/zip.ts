import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { Readable } from 'node:stream';
import { AppError, messageOf } from '../../../shared/errors.ts';
import type { ByteSource } from '../byteSource.ts';

const MAX_ENTRIES = 100_000;

/** A file inside a zip file. */
export interface StoredEntry {
  readonly size: number;
  /** Its bytes. @throws AppError `bad-input` if the checksum is wrong */
  read(): Uint8Array;
}

/**
 * The entries of an uncompressed zip file, as PyTorch writes it, by name. Refuses compressed and encrypted entries, two
 * entries whose names differ only in case, names that differ between the directory and the entry itself, and entries
 * that are together larger than the file. The bytes of an entry are read on demand.
 * @throws AppError `bad-input`, or `unsupported` if it contains a program.
 */
export async function openStoredZip(source: ByteSource): Promise<Map<string, StoredEntry>> {
  const entries = new Map<string, StoredEntry>();
  const folded = new Set<string>();
  let total = 0;
  try {
    const zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.size);
    if (zip.entryCount > MAX_ENTRIES) throw damaged('it has too many entries');
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      const key = name.normalize('NFC').toLowerCase();
      if (folded.has(key)) throw damaged(`two entries are called ${name}`);
      folded.add(key);
      if (/^[^/]+\/code\//.test(name))
        throw new AppError(
          'unsupported',
          `This is a TorchScript program (${name}), not a weights file. Save the network's state_dict instead.`,
        );
      if (entry.compressionMethod !== 0 || entry.isEncrypted())
        throw damaged(`${name} is compressed or encrypted, which PyTorch never does`);
      total += entry.uncompressedSize;
      if (total > source.size) throw damaged('its entries overlap');
      entries.set(name, await locate(entry, source, (of) => zip.readLocalFileHeaderPromise(of)));
    }
  } catch (error) {
    throw error instanceof AppError ? error : damaged(messageOf(error).replace(/\.$/, ''), error);
  }
  return entries;
}

async function locate(
  entry: Entry,
  source: ByteSource,
  localHeader: (entry: Entry) => Promise<{ fileDataStart: number; fileName: Buffer }>,
): Promise<StoredEntry> {
  const { fileDataStart, fileName } = await localHeader(entry);
  const { uncompressedSize: size } = entry;
  if (!fileName.equals(entry.fileNameRaw)) throw damaged(`${entry.fileName} has another name inside`);
  if (fileDataStart + size > source.size) throw damaged(`${entry.fileName} is cut off`);
  return {
    size,
    read() {
      const content = source.read(fileDataStart, size);
      if (crc32(content) !== entry.crc32) throw damaged(`the checksum of ${entry.fileName} is wrong`);
      return content;
    },
  };
}

/** How yauzl reads a {@link ByteSource}. */
class SourceReader extends RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    // Asynchronous, because yauzl continues from the callback, entry after entry.
    setImmediate(() => {
      try {
        buffer.set(this.#source.read(position, length), offset);
      } catch (error) {
        return callback(error as Error);
      }
      callback(null);
    });
  }

  /** Never used by yauzl where `read` is given and no entry is read as a stream. */
  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from([Buffer.from(this.#source.read(start, end - start))]);
  }
}

function damaged(reason: string, cause?: unknown): AppError {
  return new AppError(
    'bad-input',
    `This PyTorch file is damaged or was altered: ${reason}. Download or copy the file again.`,
    { cause },
  );
}
