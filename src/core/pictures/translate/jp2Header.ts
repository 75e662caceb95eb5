/** What the header of a JPEG 2000 says (ISO/IEC 15444-1, annexes A and I). */
export interface Jp2Header {
  width: number;
  height: number;
  components: readonly { bits: number; signed: boolean; dx: number; dy: number }[];
  colour: 'grey' | 'rgb' | 'other';
  profile?: Uint8Array;
}

const CODESTREAM = 0xff4fff51;
const CONTAINERS = new Set(['jp2h', 'res ']);
const MOST_BOXES = 1000;

/** @returns undefined for what is no JPEG 2000, or damaged before its pixels */
export function readJp2(bytes: Uint8Array): Jp2Header | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length > 4 && view.readUInt32BE(0) === CODESTREAM) return withColours(view, 0, {});
  const boxes: Boxes = {};
  let count = 0;
  const walk = (from: number, end: number): number | undefined => {
    for (let at = from; at + 8 <= end && count++ < MOST_BOXES;) {
      const short = view.readUInt32BE(at);
      const wide = short === 1 && at + 16 <= end;
      const size = wide ? Number(view.readBigUInt64BE(at + 8)) : short || end - at;
      const type = view.toString('latin1', at + 4, at + 8);
      const start = at + (wide ? 16 : 8);
      const stop = Math.min(end, at + size);
      if (size < 8 || start > stop) return undefined;
      if (type === 'jp2c') return start;
      if (CONTAINERS.has(type)) walk(start, stop);
      // The first that tells the colours is the one to take.
      if (type === 'colr') boxes.colr ??= view.subarray(start, stop);
      if (type === 'pclr') boxes.palette = true;
      at = stop;
    }
    return undefined;
  };
  const codestream = walk(0, view.length);
  return codestream === undefined ? undefined : withColours(view, codestream, boxes);
}

interface Boxes {
  colr?: Buffer;
  palette?: boolean;
}

function withColours(view: Buffer, at: number, { colr, palette }: Boxes): Jp2Header | undefined {
  const size = readSize(view, at);
  if (!size) return undefined;
  const byCount = size.components.length < 3 ? 'grey' : 'rgb';
  const told = colr && colr.length >= 3 ? colourOf(colr) : { colour: byCount as Jp2Header['colour'] };
  return { ...size, ...told, ...(palette ? { colour: 'other' } : {}) };
}

/** Enumerated colours: 16 is sRGB, 17 grey (I.5.3.3); method 2 is an ICC profile. */
function colourOf(colr: Buffer): Pick<Jp2Header, 'colour' | 'profile'> {
  const method = colr.readUInt8(0);
  if (method === 1 && colr.length >= 7) {
    const number = colr.readUInt32BE(3);
    if (number === 16) return { colour: 'rgb' };
    return { colour: number === 17 ? 'grey' : 'other' };
  }
  const profile = colr.subarray(3);
  if ((method !== 2 && method !== 3) || profile.length < 128) return { colour: 'other' };
  const space = profile.toString('latin1', 16, 20);
  if (space === 'RGB ') return { colour: 'rgb', profile };
  return space === 'GRAY' ? { colour: 'grey', profile } : { colour: 'other' };
}

/** The marker segment SIZ, which follows the start of the codestream (A.5.1). */
function readSize(view: Buffer, at: number): Pick<Jp2Header, 'width' | 'height' | 'components'> | undefined {
  if (at + 42 > view.length || view.readUInt32BE(at) !== CODESTREAM) return undefined;
  const [across, down] = [view.readUInt32BE(at + 8), view.readUInt32BE(at + 12)];
  const [left, top] = [view.readUInt32BE(at + 16), view.readUInt32BE(at + 20)];
  const count = view.readUInt16BE(at + 40);
  if (count < 1 || count > 16 || at + 42 + count * 3 > view.length || left >= across || top >= down) return undefined;
  const components = Array.from({ length: count }, (_, i) => {
    const place = at + 42 + i * 3;
    const depth = view.readUInt8(place);
    return {
      bits: (depth & 0x7f) + 1,
      signed: (depth & 0x80) !== 0,
      dx: view.readUInt8(place + 1),
      dy: view.readUInt8(place + 2),
    };
  });
  return { width: across - left, height: down - top, components };
}
