import { writeTiff } from './tiffs.ts';

/** Linear sRGB to XYZ for D65 (IEC 61966-2-1), and its inverse, which a DNG calls the colour matrix of a camera that sees sRGB. */
const FROM_XYZ = [3.2404542, -1.5371385, -0.4985314, -0.969266, 1.8760108, 0.041556, 0.0556434, -0.2040259, 1.0572252];
/** Linear sRGB to linear Rec. 2020 (ITU-R BT.2087). */
const TO_REC2020 = [
  [0.6274, 0.3293, 0.0433],
  [0.0691, 0.9195, 0.0114],
  [0.0164, 0.088, 0.8956],
] as const;
const BLACK = 512;
const WHITE = 15871;
/** What the sensor answers to a neutral grey; the camera's white balance. */
const NEUTRAL = [0.5, 1, 0.7] as const;

export type Scene = (x: number, y: number) => readonly [number, number, number];

/** A scene in which every channel changes slowly, in linear sRGB from 0.02 to 0.6. */
export const gentleScene =
  (width: number, height: number): Scene =>
  (x, y) => [0.02 + (0.58 * x) / width, 0.05 + (0.4 * y) / height, 0.3 + 0.25 * Math.sin((x + y) / 40)];

/**
 * Writes a DNG as a camera with an RGGB sensor would see a scene: 14 bits with black at 512, uncompressed.
 * @param orientation EXIF's number
 */
export function writeDng(
  file: string,
  width: number,
  height: number,
  scene: Scene,
  {
    orientation = 1,
    tags = {},
  }: { orientation?: number; tags?: NonNullable<Parameters<typeof writeTiff>[1]['tags']> } = {},
): string {
  const data = Uint16Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const channel = (x % 2) + (y % 2);
    const seen = (scene(x, y)[channel] as number) * (NEUTRAL[channel] as number);
    return Math.round(BLACK + Math.min(1, seen) * (WHITE - BLACK));
  });
  return writeTiff(file, {
    width,
    height,
    data,
    photometric: 32803,
    tags: {
      254: [0],
      271: 'Test',
      272: 'Sensor',
      274: [orientation],
      33421: [2, 2],
      33422: Uint8Array.of(0, 1, 1, 2),
      50706: Uint8Array.of(1, 4, 0, 0),
      50707: Uint8Array.of(1, 1, 0, 0),
      50708: 'Test Sensor',
      50714: [BLACK],
      50717: [WHITE],
      50721: { rationals: FROM_XYZ },
      50728: { rationals: [...NEUTRAL] },
      50778: [21],
      ...tags,
    },
  });
}

/** A colour of linear sRGB as linear Rec. 2020, cut to [0,1]. */
export const inRec2020 = (colour: readonly [number, number, number]): number[] =>
  TO_REC2020.map((row) => Math.min(1, Math.max(0, row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2])));
