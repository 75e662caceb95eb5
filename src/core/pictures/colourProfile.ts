/**
 * ICC profiles made from the code points (ITU-T H.273) or chunks with which AVIF, HEIC and PNG describe their colours.
 * For results in formats that only hold profiles.
 */

/** Chromaticities x, y of white, red, green and blue. */
export interface Primaries {
  white: readonly [number, number];
  red: readonly [number, number];
  green: readonly [number, number];
  blue: readonly [number, number];
}

/** sRGB's curve (IEC 61966-2-1), or a plain power. */
export type ToneCurve = 'srgb' | { gamma: number };

const D65 = [0.3127, 0.329] as const;

/** Colour primaries by code point (ITU-T H.273, table 2). */
export const primariesOf: Readonly<Record<number, Primaries>> = {
  1: { white: D65, red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] },
  5: { white: D65, red: [0.64, 0.33], green: [0.29, 0.6], blue: [0.15, 0.06] },
  6: { white: D65, red: [0.63, 0.34], green: [0.31, 0.595], blue: [0.155, 0.07] },
  7: { white: D65, red: [0.63, 0.34], green: [0.31, 0.595], blue: [0.155, 0.07] },
  9: { white: D65, red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] },
  11: { white: [0.314, 0.351], red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
  12: { white: D65, red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
};

/**
 * Tone curves by code point (ITU-T H.273, table 3). Those of television are displayed with sRGB's curve, as in
 * browsers.
 */
export function toneCurveOf(transfer: number): ToneCurve | 'linear' | 'hdr' {
  if (transfer === 16 || transfer === 18) return 'hdr';
  if (transfer === 8) return 'linear';
  if (transfer === 4) return { gamma: 2.2 };
  return transfer === 5 ? { gamma: 2.8 } : 'srgb';
}

/** A matrix profile of version 4 (ICC.1:2022). */
export function colourProfile(primaries: Primaries, curve: ToneCurve, title: string): Buffer {
  const columns = toD50(primaries);
  const curveTag =
    curve === 'srgb'
      ? parametric(3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
      : parametric(0, [curve.gamma]);
  const tags: [string, Buffer][] = [
    ['desc', text(title)],
    ['cprt', text('No copyright, use freely')],
    ['wtpt', xyz([0.9642, 1, 0.8249])],
    ['rXYZ', xyz(columns[0])],
    ['gXYZ', xyz(columns[1])],
    ['bXYZ', xyz(columns[2])],
    ['rTRC', curveTag],
    ['gTRC', curveTag],
    ['bTRC', curveTag],
  ];
  const table = Buffer.alloc(4 + tags.length * 12);
  table.writeUInt32BE(tags.length, 0);
  let offset = 128 + table.length;
  tags.forEach(([name, data], i) => {
    table.write(name, 4 + i * 12, 'latin1');
    table.writeUInt32BE(offset, 8 + i * 12);
    table.writeUInt32BE(data.length, 12 + i * 12);
    offset += data.length;
  });
  const head = Buffer.alloc(128);
  head.writeUInt32BE(offset, 0);
  head.writeUInt32BE(0x04400000, 8);
  head.write('mntrRGB XYZ ', 12, 'latin1');
  head.writeUInt16BE(2026, 24);
  head.writeUInt16BE(1, 26);
  head.writeUInt16BE(1, 28);
  head.write('acsp', 36, 'latin1');
  xyz([0.9642, 1, 0.8249]).copy(head, 68, 8);
  return Buffer.concat([head, table, ...tags.map(([, data]) => data)]);
}

type Vector = readonly [number, number, number];
type Matrix = readonly [Vector, Vector, Vector];

/** Bradford's cone responses, by rows. */
const BRADFORD: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/** XYZ of full red, green and blue, adapted to D50 (Bradford). */
function toD50({ white, red, green, blue }: Primaries): Matrix {
  const whole = ([x, y]: readonly [number, number]): Vector => [x / y, 1, (1 - x - y) / y];
  const [r, g, b, w] = [whole(red), whole(green), whole(blue), whole(white)];
  const amounts = solve(transposed([r, g, b]), w);
  const [from, to] = [times(BRADFORD, w), times(BRADFORD, [0.9642, 1, 0.8249])];
  const adapt = (colour: Vector, amount: number): Vector => {
    const cones = times(BRADFORD, colour);
    return solve(BRADFORD, [
      (cones[0] * amount * to[0]) / from[0],
      (cones[1] * amount * to[1]) / from[1],
      (cones[2] * amount * to[2]) / from[2],
    ]);
  };
  return [adapt(r, amounts[0]), adapt(g, amounts[1]), adapt(b, amounts[2])];
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const times = (m: Matrix, v: Vector): Vector => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const transposed = ([a, b, c]: Matrix): Matrix => [
  [a[0], b[0], c[0]],
  [a[1], b[1], c[1]],
  [a[2], b[2], c[2]],
];

/** Solves m · x = v by Cramer's rule. */
function solve(m: Matrix, v: Vector): Vector {
  const [a, b, c] = transposed(m);
  const determinant = dot(a, cross(b, c));
  return [dot(v, cross(b, c)) / determinant, dot(a, cross(v, c)) / determinant, dot(a, cross(b, v)) / determinant];
}

function xyz(values: Vector): Buffer {
  const data = Buffer.alloc(20);
  data.write('XYZ ', 0, 'latin1');
  values.forEach((value, i) => data.writeInt32BE(Math.round(value * 65536), 8 + i * 4));
  return data;
}

function parametric(type: number, values: readonly number[]): Buffer {
  const data = Buffer.alloc(12 + values.length * 4);
  data.write('para', 0, 'latin1');
  data.writeUInt16BE(type, 8);
  values.forEach((value, i) => data.writeInt32BE(Math.round(value * 65536), 12 + i * 4));
  return data;
}

function text(words: string): Buffer {
  const letters = Buffer.from(words, 'utf16le').swap16();
  const data = Buffer.alloc(28 + Math.ceil(letters.length / 4) * 4);
  data.write('mluc', 0, 'latin1');
  data.writeUInt32BE(1, 8);
  data.writeUInt32BE(12, 12);
  data.write('enUS', 16, 'latin1');
  data.writeUInt32BE(letters.length, 20);
  data.writeUInt32BE(28, 24);
  letters.copy(data, 28);
  return data;
}
