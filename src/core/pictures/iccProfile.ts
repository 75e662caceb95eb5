/** Where the data of a tag lie in a profile (ICC.1:2022, 7.3); undefined where there is none. */
function tagAt(profile: Buffer, name: RegExp, least: number): number | undefined {
  if (profile.length < 132) return undefined;
  const count = Math.min(profile.readUInt32BE(128), 100);
  for (let i = 0; i < count && 144 + i * 12 <= profile.length; i++) {
    const entry = 132 + i * 12;
    if (!name.test(profile.toString('latin1', entry, entry + 4))) continue;
    const offset = profile.readUInt32BE(entry + 4);
    return offset + least <= profile.length ? offset : undefined;
  }
  return undefined;
}

/** The transfer function of ITU-T H.273 that a profile tells beside its curves (tag cicp, 9.2.17); undefined where it tells none. */
export function transferOfProfile(profile: Buffer): number | undefined {
  const at = tagAt(profile, /^cicp$/, 12);
  return at === undefined ? undefined : profile.readUInt8(at + 9);
}

/**
 * Whether an ICC profile of an RGB or grey space has a linear tone curve: a `curv` without entries, or of gamma 1, or a `para` of
 * type 0 and gamma 1 (ICC.1:2022, 10.6 and 10.18). Networks are trained on pictures with an ordinary curve.
 */
export function isLinearProfile(profile: Buffer): boolean {
  const offset = tagAt(profile, /^[rk]TRC$/, 16);
  if (offset === undefined) return false;
  const type = profile.toString('latin1', offset, offset + 4);
  const first = profile.readUInt32BE(offset + 8);
  if (type === 'curv') return first === 0 || (first === 1 && profile.readUInt16BE(offset + 12) === 0x0100);
  return type === 'para' && profile.readUInt16BE(offset + 8) === 0 && profile.readInt32BE(offset + 12) === 0x10000;
}

/** The sRGB curve (IEC 61966-2-1), applied to linear light because networks expect it. */
export const encodeSrgb = (v: number): number => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);

/** From sRGB to linear light, both in [0,1] (IEC 61966-2-1). */
export const decodeSrgb = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

export const UNSUITABLE_PROFILE =
  'The colour profile of the file is damaged or made for other colours, and was left out.';

const spaces = { grey: 'GRAY', rgb: 'RGB ', cmyk: 'CMYK', lab: 'Lab ' } as const;

/**
 * A profile that can be what it says and is made for such colours (ICC.1:2022, 7.2); undefined for every other. A decoder would
 * take another profile in its place without a word.
 */
export function suitableProfile(profile: Buffer | undefined, colours: string): Buffer | undefined {
  if (!profile || profile.length < 132) return undefined;
  const space = spaces[colours as keyof typeof spaces] as string | undefined;
  const suits =
    profile.toString('latin1', 36, 40) === 'acsp' &&
    profile.toString('latin1', 16, 20) === space &&
    profile.readUInt32BE(0) <= profile.length;
  return suits ? profile : undefined;
}
