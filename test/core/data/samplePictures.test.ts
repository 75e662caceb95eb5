import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { samplePictures } from '../../../src/core/data/samplePictures.ts';
import { samplePictureCount } from '../../../src/core/data/samples/counts.ts';

async function draw(seed: number): Promise<Map<string, Buffer>> {
  const drawn = new Map<string, Buffer>();
  for await (const { name, png } of samplePictures(seed)) drawn.set(name, png);
  return drawn;
}

describe('sample pictures', () => {
  it('are the same for the same seed and others for another', async () => {
    const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
    expect(first.size).toBe(samplePictureCount);
    for (const [name, png] of first) {
      expect(again.get(name)?.equals(png), name).toBe(true);
      expect(other.get(name)?.equals(png), name).toBe(false);
    }
  });

  it('look like pictures: RGB, nowhere flat, with contrast, and neither black nor burnt out', async () => {
    for (const [name, png] of await draw(0)) {
      const { channels, width, height } = await sharp(png).metadata();
      expect([channels, width, height], name).toEqual([3, 384, 256]);
      const { channels: stats, entropy } = await sharp(png).stats();
      expect(entropy, name).toBeGreaterThan(6);
      for (const { mean, stdev } of stats) {
        expect(mean, name).toBeGreaterThan(15);
        expect(mean, name).toBeLessThan(220);
        expect(stdev, name).toBeGreaterThan(15);
      }
    }
  });
});
