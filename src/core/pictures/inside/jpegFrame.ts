import type { FileBytes } from './fileBytes.ts';
import type { JpegSegment } from './jpeg.ts';

export interface JpegFrame {
  /** 0xc0 to 0xcf, or 0xf7 for JPEG-LS. */
  marker: number;
  bits: number;
  /** What each component is called. */
  components: readonly number[];
}

/** Markers in the range of frames that are none: Huffman and arithmetic tables, and one that is reserved. */
const NO_FRAMES = new Set([0xc4, 0xc8, 0xcc]);
const PROGRESSIVE = new Set([0xc2, 0xca]);
const SCAN = 0xda;
const COEFFICIENTS = 64;

/** The frame header of a JPEG (ITU-T T.81, B.2.2). */
export function jpegFrame(file: FileBytes, segments: readonly JpegSegment[]): JpegFrame | undefined {
  const segment = segments.find(
    ({ marker }) => (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.has(marker)) || marker === 0xf7,
  );
  if (!segment) return undefined;
  const data = file.read(segment.position, Math.min(segment.length, 6 + 3 * 255));
  if (data.length < 6) return undefined;
  const count = Math.min(data.readUInt8(5), Math.floor((data.length - 6) / 3));
  return {
    marker: segment.marker,
    bits: data.readUInt8(0),
    components: Array.from({ length: count }, (_, i) => data.readUInt8(6 + 3 * i)),
  };
}

/**
 * Whether coefficients of a component were not coded to their last bit (T.81, B.2.3 and G.1). A progressive picture that is cut
 * between two scans is blurred, and no decoder remarks on it.
 */
export function lacksScans(
  file: FileBytes,
  segments: readonly JpegSegment[],
  { marker, components }: JpegFrame,
): boolean {
  // How many low bits of each coefficient are still missing.
  const missing = new Map(components.map((name) => [name, new Array<number>(COEFFICIENTS).fill(Infinity)]));
  for (const { position, length } of segments.filter((segment) => segment.marker === SCAN)) {
    const data = file.read(position, length);
    const count = data[0] ?? 0;
    if (data.length < 4 + 2 * count) continue;
    const [from, to, low] = PROGRESSIVE.has(marker)
      ? [data.readUInt8(1 + 2 * count), data.readUInt8(2 + 2 * count), data.readUInt8(3 + 2 * count) & 15]
      : [0, COEFFICIENTS - 1, 0];
    for (let i = 0; i < count; i++) missing.get(data.readUInt8(1 + 2 * i))?.fill(low, from, to + 1);
  }
  return [...missing.values()].some((bits) => bits.some((left) => left > 0));
}
