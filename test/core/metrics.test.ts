import { expect, it, describe } from 'vitest';
import { decodePicture } from '../../src/core/data/decode.ts';
import { psnr, ssim } from '../../src/core/metrics/index.ts';
import type { FloatPicture } from '../../src/core/pictures/picture.ts';
import { describeWithShared, shared } from '../shared.ts';

const picture = (width: number, height: number, value: (x: number, y: number, c: number) => number): FloatPicture => ({
  width,
  height,
  channels: 3,
  data: Float32Array.from(
    { length: width * height * 3 },
    (_, i) => value(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3) / 255,
  ),
});

/**
 * Expected figures come from BasicSR's own `calculate_psnr` and `calculate_ssim` (numpy 2.4, OpenCV 5.0) on the same
 * pixels, run once: `Python, cropBorder, yChannel → PSNR, SSIM`.
 */
const checkAll = (a: FloatPicture, b: FloatPicture, expected: [number, boolean, number, number][]): void => {
  for (const [cropBorder, yChannel, wantedPsnr, wantedSsim] of expected) {
    expect(psnr(a, b, { cropBorder, yChannel })).toBeCloseTo(wantedPsnr, 9);
    expect(ssim(a, b, { cropBorder, yChannel })).toBeCloseTo(wantedSsim, 9);
  }
};

describe('PSNR and SSIM', () => {
  it('give what BasicSR gives on pixels from a formula', () => {
    const value = (x: number, y: number, c: number): number => (x * 7 + y * 13 + c * 29 + ((x * y) % 17) * 3) % 256;
    const worse = (x: number, y: number, c: number): number =>
      Math.min(255, Math.max(0, value(x, y, c) + ((x * 5 + y * 3 + c) % 11) * 4 - 16));
    checkAll(picture(24, 20, value), picture(24, 20, worse), [
      [0, false, 25.87629281591734, 0.9576522271988733],
      [0, true, 28.589460211324543, 0.9592067386260575],
      [4, false, 25.944236152577616, 0.9811226236961911],
      [4, true, 28.689535541036662, 0.986290019065017],
    ]);
  });

  it('follow by hand from a constant difference', () => {
    const a = picture(16, 16, () => 100);
    const b = picture(16, 16, () => 110);
    expect(psnr(a, b)).toBeCloseTo(10 * Math.log10(255 ** 2 / 100), 12);
    // No variance on either side: only the comparison of means is left.
    const c1 = (0.01 * 255) ** 2;
    expect(ssim(a, b)).toBeCloseTo((2 * 100 * 110 + c1) / (100 ** 2 + 110 ** 2 + c1), 12);
  });

  it('round to 8 bits, half to even, and clamp', () => {
    const a = picture(11, 11, () => 254.5);
    expect(
      psnr(
        a,
        picture(11, 11, () => 254),
      ),
    ).toBe(Infinity);
    expect(
      psnr(
        picture(11, 11, () => 300),
        picture(11, 11, () => 255),
      ),
    ).toBe(Infinity);
    expect(ssim(a, a)).toBe(1);
  });

  it('cut the border before anything else', () => {
    const a = picture(20, 20, () => 50);
    const b = picture(20, 20, (x, y) => (x < 2 || y < 2 || x > 17 || y > 17 ? 250 : 50));
    expect(psnr(a, b)).toBeLessThan(10);
    expect(psnr(a, b, { cropBorder: 2 })).toBe(Infinity);
  });

  it('refuse what cannot be compared', () => {
    const small = picture(8, 12, () => 0);
    expect(() =>
      psnr(
        small,
        picture(12, 8, () => 0),
      ),
    ).toThrow('same size');
    expect(() => psnr(small, small, { cropBorder: 4 })).toThrow('leaves nothing');
    expect(() => ssim(small, small)).toThrow('at least 11');
  });
});

describeWithShared('PSNR and SSIM of camera pictures', 'data/RealSR', () => {
  it('give what BasicSR gives', async () => {
    const [gt, lq] = await Promise.all(
      ['GT', 'LR'].map((side) => decodePicture(shared(`data/RealSR/${side}/cam1_04.png`))),
    );
    checkAll(gt as FloatPicture, lq as FloatPicture, [
      [0, false, 29.699955501662263, 0.8426336913322077],
      [4, true, 32.37445280614323, 0.8687212576656749],
    ]);
  });
});
