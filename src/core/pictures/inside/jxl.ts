import type { FileBytes } from './fileBytes.ts';

/** Enough for the headers before the animation is told. */
const HEADER_BYTES = 64;
const MOST_BOXES = 1000;

/** Whether a JPEG XL holds an animation; its frames are counted by nobody without decoding them. */
export function isAnimatedJxl(file: FileBytes): boolean {
  const at = codestreamAt(file);
  if (at === undefined) return false;
  try {
    return tellsAnimation(new Bits(file.read(at + 2, HEADER_BYTES)));
  } catch {
    return false; // cut off before it is told
  }
}

/** Where the codestream begins: at once, or in a box of the container (ISO/IEC 18181-2). */
function codestreamAt(file: FileBytes): number | undefined {
  if (file.read(0, 2).readUInt16BE(0) === 0xff0a) return 0;
  for (let at = 0, count = 0; at + 8 <= file.size && count < MOST_BOXES; count++) {
    const head = file.read(at, 16);
    const short = head.readUInt32BE(0);
    const wide = short === 1 && head.length === 16;
    const type = head.toString('latin1', 4, 8);
    const start = at + (wide ? 16 : 8);
    if (type === 'jxlc') return start;
    // A part begins with its number.
    if (type === 'jxlp') return start + 4;
    const size = wide ? Number(head.readBigUInt64BE(8)) : short;
    if (size < 8) return undefined;
    at += size;
  }
  return undefined;
}

/** ImageMetadata up to have_animation (ISO/IEC 18181-1, annex D). */
function tellsAnimation(bits: Bits): boolean {
  skipSize(bits);
  const plain = bits.read(1) === 1;
  if (plain || bits.read(1) === 0) return false;
  bits.read(3); // orientation
  if (bits.read(1)) skipSize(bits); // intrinsic size
  if (bits.read(1)) skipPreview(bits);
  return bits.read(1) === 1;
}

function skipSize(bits: Bits): void {
  const small = bits.read(1) === 1;
  const side = (): void => void (small ? bits.read(5) : bits.read([9, 13, 18, 30][bits.read(2)] as number));
  side();
  if (bits.read(3) === 0) side();
}

function skipPreview(bits: Bits): void {
  const widths = bits.read(1) ? [0, 0, 5, 9] : [6, 8, 10, 12];
  const side = (): void => void bits.read(widths[bits.read(2)] as number);
  side();
  if (bits.read(3) === 0) side();
}

/** Reads bits, the lowest of each byte first. */
class Bits {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @throws RangeError behind the end */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++)
      value += ((this.#bytes.readUInt8(this.#at >> 3) >> (this.#at & 7)) & 1) * 2 ** i;
    return value;
  }
}
