import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { type FileBytes, withBytes } from './inside/fileBytes.ts';
import { type PngChunk, pngKeyword } from './inside/png.ts';
import { POSITION_WORDS } from './positions.ts';
import type { Photograph } from './photograph.ts';

export interface CarryOptions {
  text: 'all' | 'without places' | 'none';
}

/** Limit for text in a picture: anything longer is data. */
const MOST_TEXT_BYTES = 16 << 20;
/** Chunks may be inserted after the signature and IHDR. */
const BEHIND_HEADER = 8 + 25;

/**
 * Copies a PNG's own chunks of text and colour into the result, byte for byte, so that no text of a file is parsed.
 * @param file the written PNG; it is replaced
 */
export async function carryChunks(
  { file: original, format, told, inside }: Photograph,
  file: string,
  { text }: CarryOptions,
): Promise<void> {
  if (format !== 'png' || !inside.png) return;
  const texts = text === 'none' ? [] : inside.png.text;
  const chunks = withBytes(original, (bytes) =>
    texts
      .filter((chunk) => chunk.length <= MOST_TEXT_BYTES && (text === 'all' || !tellsPlace(bytes, chunk)))
      .map(({ position, length }) => withChecksum(bytes.read(position - 8, length + 8))),
  );
  const added = Buffer.concat([...(told?.in === 'png' ? [told.chunks] : []), ...chunks]);
  if (added.length === 0) return;
  const part = `${file}.chunks`;
  try {
    const head = withBytes(file, (bytes) => bytes.read(0, BEHIND_HEADER));
    await pipeline(async function* () {
      yield head;
      yield added;
      yield* createReadStream(file, { start: BEHIND_HEADER });
    }, createWriteStream(part));
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}

/** A chunk with a checksum that holds; a chunk whose own does not would make the result a damaged file. */
function withChecksum(chunk: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(chunk.subarray(4)));
  return Buffer.concat([chunk, sum]);
}

/** Whether text speaks of a position; compressed text cannot be seen here and counts as such. */
function tellsPlace(bytes: FileBytes, chunk: PngChunk): boolean {
  const keyword = pngKeyword(bytes, chunk);
  const text = bytes.read(chunk.position + keyword.length, Math.min(chunk.length - keyword.length, 1 << 20));
  if (chunk.type === 'zTXt' || (chunk.type === 'iTXt' && text[1] === 1)) return true;
  return /location|place/i.test(keyword) || POSITION_WORDS.test(`${keyword} ${text.toString('latin1')}`);
}
