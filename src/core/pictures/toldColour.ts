import { colourProfile, type Primaries, primariesOf, type ToneCurve, toneCurveOf } from './colourProfile.ts';
import { withBytes } from './inside/fileBytes.ts';
import type { Inside } from './inside/inside.ts';

/** Colour that a file tells without a profile; it is told in the same way in a result of the same format. */
export type ToldColour =
  | { in: 'avif'; primaries: number; transfer: number }
  /** The chunks as they are in the file, with length and checksum. */
  | { in: 'png'; chunks: Buffer };

/** PNG's chunks of colour that suit any pixels of the same encoding. */
const pngColourChunks = new Set(['cICP', 'gAMA', 'cHRM', 'sRGB', 'mDCV', 'cLLI']);

/** What a file tells of its colours beside a profile; undefined where it tells nothing. */
export function toldColour(file: string, { heif, png }: Inside, hasProfile: boolean): ToldColour | undefined {
  if (heif?.nclx && !hasProfile) return { in: 'avif', primaries: heif.nclx.primaries, transfer: heif.nclx.transfer };
  const chunks = png?.chunks.filter(({ type }) => pngColourChunks.has(type)) ?? [];
  if (chunks.length === 0) return undefined;
  return withBytes(file, (bytes) => ({
    in: 'png',
    chunks: Buffer.concat(chunks.map(({ position, length }) => bytes.read(position - 8, length + 12))),
  }));
}

/** An unspecified code point (ITU-T H.273). */
const UNSPECIFIED = 2;

/**
 * A profile that tells the same colours, for results in other formats.
 * @returns undefined where it would tell nothing new (sRGB), or where a profile cannot tell it (HDR)
 */
export function profileOfTold(told: ToldColour, { png }: Inside): Buffer | undefined {
  const cicp = told.in === 'avif' ? told : png?.colour.cicp;
  if (cicp) {
    const primaries = primariesOf[cicp.primaries === UNSPECIFIED ? 1 : cicp.primaries];
    const curve = toneCurveOf(cicp.transfer);
    if (!primaries || curve === 'hdr' || (primaries === primariesOf[1] && curve === 'srgb')) return undefined;
    return colourProfile(
      primaries,
      curve === 'linear' ? { gamma: 1 } : curve,
      `H.273 ${cicp.primaries}/${cicp.transfer}`,
    );
  }
  if (!png || png.colour.srgb) return undefined;
  const { gamma, chromaticities } = png.colour;
  const primaries: Primaries = chromaticities ?? (primariesOf[1] as Primaries);
  // 0.45455 is what programs write for sRGB.
  const plain = gamma === undefined || Math.abs(gamma - 0.45455) < 0.005;
  if (plain && (!chromaticities || isSrgb(chromaticities))) return undefined;
  const curve: ToneCurve = plain ? 'srgb' : { gamma: 1 / gamma };
  return colourProfile(primaries, curve, 'PNG gAMA and cHRM');
}

function isSrgb(primaries: Primaries): boolean {
  const srgb = primariesOf[1] as Primaries;
  return (['white', 'red', 'green', 'blue'] as const).every((name) =>
    primaries[name].every((value, i) => Math.abs(value - (srgb[name][i] as number)) < 0.002),
  );
}
