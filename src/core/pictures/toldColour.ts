import { colourProfile, type Primaries, primariesOf, type ToneCurve, toneCurveOf } from './colourProfile.ts';
import { withBytes } from './inside/fileBytes.ts';
import type { Inside } from './inside/inside.ts';

/** A file's colour description without a profile. A result of the same format has the same description. */
export type ToldColour =
  | { in: 'avif'; primaries: number; transfer: number }
  /** The chunks as they are in the file, with length and checksum. */
  | { in: 'png'; chunks: Buffer };

/** PNG's colour chunks that fit any pixels of the same encoding. */
const pngColourChunks = new Set(['cICP', 'gAMA', 'cHRM', 'sRGB', 'mDCV', 'cLLI']);

/** A file's colour description besides a profile; undefined if there is none. */
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
 * A profile for the same colours, for results in other formats.
 * @returns undefined if it would add nothing (sRGB), or if a profile cannot describe the colours (HDR)
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
  // Programs write 0.45455 for sRGB.
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
