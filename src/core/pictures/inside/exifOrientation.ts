const ORIENTATION = 0x112;
const SHORT = 3;

/** The orientation in the first directory of a block of EXIF, with or without its name before it; undefined where none stands there. */
export function exifOrientation(block: Buffer): number | undefined {
  const exif = block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
  const order = exif.toString('latin1', 0, 2);
  if (exif.length < 14 || (order !== 'II' && order !== 'MM')) return undefined;
  const u16 = (at: number): number => (order === 'II' ? exif.readUInt16LE(at) : exif.readUInt16BE(at));
  const start = order === 'II' ? exif.readUInt32LE(4) : exif.readUInt32BE(4);
  if (start + 2 > exif.length) return undefined;
  for (let i = 0, at = start + 2; i < u16(start) && at + 12 <= exif.length; i++, at += 12)
    if (u16(at) === ORIENTATION && u16(at + 2) === SHORT) return u16(at + 8);
  return undefined;
}
