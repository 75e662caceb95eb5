import { crc32 } from 'node:zlib';
import { overwrite, withBytes } from './inside/fileBytes.ts';
import { readPng } from './inside/png.ts';
import { readTiff, tiffTag } from './inside/tiff.ts';

/** Position of the unit in JFIF, after SOI, APP0's marker and length, "JFIF" and the version; both densities follow. */
const JFIF_UNIT = 2 + 2 + 2 + 5 + 2;
/** TIFF's value for no unit. */
const NO_UNIT = 1;

/** Removes the 72 pixels per inch that an encoder writes by default. */
export function forgetResolution(file: string, format: string): void {
  if (format === 'jpeg') forgetJfif(file);
  if (format === 'tiff') forgetTiff(file);
  if (format === 'png') forgetPng(file);
}

function forgetJfif(file: string): void {
  const head = withBytes(file, (bytes) => bytes.read(0, JFIF_UNIT));
  // Unit 0: the densities only give the pixels' aspect ratio.
  if (head.toString('latin1', 6, 11) === 'JFIF\0') overwrite(file, JFIF_UNIT, Buffer.from([0, 0, 1, 0, 1]));
}

function forgetTiff(file: string): void {
  const found = withBytes(file, (bytes) => {
    const tiff = readTiff(bytes);
    const tags = tiff?.pages[0]?.tags;
    return tags && { little: tiff?.little ?? true, tags };
  });
  if (!found) return;
  const { little, tags } = found;
  const unit = tags.get(tiffTag.resolutionUnit);
  if (unit) overwrite(file, unit.position, Buffer.from(little ? [NO_UNIT, 0] : [0, NO_UNIT]));
  // A rational of one, as a pair of numbers of four bytes.
  const one = Buffer.from(little ? [1, 0, 0, 0, 1, 0, 0, 0] : [0, 0, 0, 1, 0, 0, 0, 1]);
  for (const tag of [tiffTag.xResolution, tiffTag.yResolution]) {
    const field = tags.get(tag);
    if (field?.type === 5) overwrite(file, field.position, one);
  }
}

/** PNG's unit 0 gives only the pixels' aspect ratio; the chunk's checksum is recomputed. */
function forgetPng(file: string): void {
  const chunk = withBytes(file, (bytes) => readPng(bytes).find(({ type }) => type === 'pHYs'));
  if (chunk?.length !== 9) return;
  const data = Buffer.alloc(4 + 9 + 4);
  data.write('pHYs', 'latin1');
  data.writeUInt32BE(1, 4);
  data.writeUInt32BE(1, 8);
  data.writeUInt32BE(crc32(data.subarray(0, 13)), 13);
  overwrite(file, chunk.position - 4, data);
}
