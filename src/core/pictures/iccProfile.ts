/**
 * Whether an ICC profile of an RGB or grey space has a linear tone curve: a `curv` without entries, or of gamma 1, or a `para` of
 * type 0 and gamma 1 (ICC.1:2022, 10.6 and 10.18). Networks are trained on pictures with an ordinary curve.
 */
export function isLinearProfile(profile: Buffer): boolean {
  if (profile.length < 132) return false;
  const count = Math.min(profile.readUInt32BE(128), 100);
  for (let i = 0; i < count && 144 + i * 12 <= profile.length; i++) {
    const entry = 132 + i * 12;
    if (!/^[rk]TRC$/.test(profile.toString('latin1', entry, entry + 4))) continue;
    const offset = profile.readUInt32BE(entry + 4);
    if (offset + 16 > profile.length) return false;
    const type = profile.toString('latin1', offset, offset + 4);
    const first = profile.readUInt32BE(offset + 8);
    if (type === 'curv') return first === 0 || (first === 1 && profile.readUInt16BE(offset + 12) === 0x0100);
    return type === 'para' && profile.readUInt16BE(offset + 8) === 0 && profile.readInt32BE(offset + 12) === 0x10000;
  }
  return false;
}

/** The sRGB curve (IEC 61966-2-1), applied to linear light because networks expect it. */
export const encodeSrgb = (v: number): number => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);

/** From sRGB to linear light, both in [0,1] (IEC 61966-2-1). */
export const decodeSrgb = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
