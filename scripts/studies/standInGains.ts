/**
 * Measures how long the gradient of each feature layer is, with the published VGG16 and with the seeded stand-in: the
 * figures behind STAND_IN_GAINS in src/core/losses/vgg.ts. Needs `mcir features fetch` and a folder of photographs.
 *
 *   node scripts/studies/standInGains.ts FOLDER [crops]
 *
 * For each crop of 96 pixels, `a` is the crop reduced two times and enlarged again, `b` the same three times. The figure of
 * a layer is |∇ mean|φ(a) − φ(b)|| over |∇ mean|a − crop||, both by the pixels of `a`, as a median over the crops.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { decodePicture } from '../../src/core/data/decode.ts';
import { openEngine } from '../../src/core/engine/open.ts';
import { l1 } from '../../src/core/losses/pixel.ts';
import { featureLayers, VggFeatures } from '../../src/core/losses/vgg.ts';
import { cropPicture } from '../../src/core/pictures/crop.ts';
import { openHome } from '../../src/services/app/home.ts';
import { loadFeatures } from '../../src/services/models/features.ts';

const [folder, wanted = '16'] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder of photographs.');
const side = 96;

openEngine();
const published = loadFeatures('vgg16', openHome());
if (!published) throw new Error('Fetch the published features first: mcir features fetch');
const layers = featureLayers('vgg16');
const networks = {
  published: new VggFeatures('vgg16', layers, { given: published }),
  standIn: new VggFeatures('vgg16', layers, { gains: 'none' }),
};

const length = (gradient: tf.Tensor): number => tf.sqrt(tf.sum(tf.square(gradient))).dataSync<'float32'>()[0] ?? 0;
const found: Record<string, number[][]> = { published: layers.map(() => []), standIn: layers.map(() => []) };
const names = (await readdir(folder)).sort().slice(0, Number(wanted));
for (const name of names) {
  const whole = await decodePicture(join(folder, name));
  const at = { x: (whole.width - side) >> 1, y: (whole.height - side) >> 1, width: side, height: side };
  const crop = cropPicture(whole, at);
  tf.tidy(() => {
    const clean = tf.tensor4d(crop.data, [1, side, side, 3]);
    const reduced = (times: number): tf.Tensor4D => {
      const small = tf.image.resizeBilinear(clean, [side / times, side / times], false, true);
      return tf.image.resizeBilinear(small, [side, side], false, true);
    };
    const [a, b] = [reduced(2), reduced(3)];
    const pixel = length(tf.grad((x) => l1(x, clean))(a));
    for (const [which, network] of Object.entries(networks))
      layers.forEach((_, k) => {
        const target = network.extract(b)[k] as tf.Tensor;
        const gradient = tf.grad((x) => l1(network.extract(x as tf.Tensor4D)[k] as tf.Tensor, target))(a);
        found[which]?.[k]?.push(length(gradient) / pixel);
      });
  });
}

const median = (values: readonly number[]): number => values.toSorted((x, y) => x - y)[values.length >> 1] ?? 0;
const rows = layers.map((layer, k) => {
  const [real, random] = [median(found['published']?.[k] ?? []), median(found['standIn']?.[k] ?? [])];
  return {
    layer,
    published: real.toPrecision(4),
    'stand-in': random.toPrecision(4),
    gain: (real / random).toPrecision(4),
  };
});
console.table(rows);
