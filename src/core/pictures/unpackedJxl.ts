import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { type FileBytes, withBytes } from './inside/fileBytes.ts';
import { tellKind } from './inside/fileKind.ts';

const MOST_BYTES = 1 << 26;
const MOST_BOXES = 1000;

/**
 * The metadata of a JPEG XL whose boxes are compressed with Brotli, in a file of their own: ExifTool needs a Perl module to read them, which
 * few have.
 * @param folder where that file is written
 * @returns the path of the file itself where nothing in it is compressed
 */
export async function unpackedJxl(path: string, folder: string): Promise<string> {
  const boxes = withBytes(path, (file) => (tellKind(file).kind === 'jxl' ? metadataBoxes(file) : []));
  if (!boxes.some(({ packed }) => packed)) return path;
  const unpacked = join(folder, 'metadata.jxl');
  await writeFile(unpacked, Buffer.concat(boxes.map(({ bytes }) => bytes)));
  return unpacked;
}

/** All boxes but those with pixels. */
function metadataBoxes(file: FileBytes): { bytes: Buffer; packed: boolean }[] {
  const found: { bytes: Buffer; packed: boolean }[] = [];
  let total = 0;
  for (let at = 0; at + 8 <= file.size && found.length < MOST_BOXES;) {
    const head = file.read(at, 8);
    const size = head.readUInt32BE(0);
    const type = head.toString('latin1', 4, 8);
    // A box up to the end of the file, or of more than 4 GB, holds pixels.
    if (size < 8) break;
    if (!/^jxl[cpi]$/.test(type)) {
      total += size;
      if (total > MOST_BYTES) break;
      const content = file.read(at + 8, size - 8);
      const packed = type === 'brob';
      const bytes = packed ? box(content.subarray(0, 4), unpack(content.subarray(4))) : box(head.subarray(4), content);
      found.push({ bytes, packed });
    }
    at += size;
  }
  return found;
}

function box(type: Buffer, content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length + 8);
  return Buffer.concat([size, type, content]);
}

function unpack(content: Buffer): Buffer {
  try {
    return brotliDecompressSync(content, { maxOutputLength: MOST_BYTES });
  } catch {
    return Buffer.alloc(0); // damaged: what can be read goes along
  }
}
