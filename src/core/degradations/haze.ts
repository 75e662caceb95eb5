import { z } from 'zod';
import { type Degradation, pointwise } from './degradation.ts';
import { draw, range } from './ranges.ts';
import { smoothField } from './smoothField.ts';

const schema = z.strictObject({
  beta: range(0, 5)
    .default([0.6, 1.8])
    .describe('How thick the haze is (scattering coefficient), from and to; RESIDE uses 0.6 to 1.8.'),
  airlight: range(0, 1).default([0.7, 1]).describe('Brightness of the haze itself, from and to; RESIDE uses 0.7 to 1.'),
  tint: z.number().min(0).max(0.2).default(0.02).describe('How far the colour of the haze may differ from grey.'),
  relief: z
    .number()
    .min(0)
    .max(1)
    .default(0.35)
    .describe('How uneven the distance is: 0 is a flat plane that recedes evenly.'),
});
type Settings = z.output<typeof schema>;

/**
 * Atmospheric scattering: I = J·t + A·(1 - t) with transmission t = exp(-β·d). The depth d is artificial: near at the
 * bottom and far at the top, as in most landscapes, tilted to a random side, with smooth hills.
 */
export const haze: Degradation<Settings> = {
  id: 'haze',
  title: 'Haze',
  description: 'Covers the picture with haze that thickens with an artificial, smooth distance.',
  schema,
  ...pointwise,
  apply(picture, { beta, airlight, tint, relief }, random, place) {
    const thickness = draw(beta, random);
    const light = draw(airlight, random);
    const air = Array.from({ length: picture.channels }, () =>
      Math.min(1, Math.max(0, light + random.range(-tint, tint))),
    );
    const lean = random.range(-0.5, 0.5);
    const hills = smoothField(random, { cells: 3, octaves: 3 });

    const { width, height, channels } = picture;
    const data = new Float32Array(picture.data.length);
    let i = 0;
    for (let y = 0; y < height; y++) {
      const v = (place.y + y + 0.5) / place.wholeHeight;
      for (let x = 0; x < width; x++) {
        const u = (place.x + x + 0.5) / place.wholeWidth;
        const plane = 1 - v + lean * (u - 0.5);
        const depth = Math.max(0.05, 0.2 + plane + relief * hills(u, v));
        const transmission = Math.exp(-thickness * depth);
        for (let c = 0; c < channels; c++, i++) {
          data[i] = (picture.data[i] as number) * transmission + (air[c] as number) * (1 - transmission);
        }
      }
    }
    return { ...picture, data };
  },
};
