import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createModel, findNetwork, networks } from '../../../src/core/networks/index.ts';
import type { Parameters } from '../../../src/core/networks/parameters.ts';
import { shared } from '../../shared.ts';

interface PublishedModel {
  params: number;
  keys: Record<string, number[]>;
}

/** Names and shapes of everything that a network's file holds, buffers included; needs no engine. */
export function shapesOf(parameters: Parameters): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>(parameters.all.map(({ name, shape }) => [name, shape]));
  for (const [name, make] of parameters.buffers) shapes.set(name, make().shape);
  return shapes;
}

/** Which networks recognise a file, and the options that each of them finds. */
export function detected(shapes: ReadonlyMap<string, readonly number[]>): { id: string; options: unknown }[] {
  return networks.flatMap((network) => {
    const options = network.detect(shapes);
    return options ? [{ id: network.id, options }] : [];
  });
}

/**
 * Tests that published configurations have the names, shapes and sizes of the authors' files, and that those files are
 * recognised by this network alone. `titles` gives the configuration's title for each name in meta.json.
 */
export function testPublished(id: string, titles: Record<string, string>): void {
  // Read within the tests: the body of a skipped `describe` runs too.
  const published = () =>
    (
      JSON.parse(readFileSync(shared(`parity/${id}/meta.json`), 'utf8')) as {
        published: Record<string, PublishedModel>;
      }
    ).published;

  it('has every published configuration', () => {
    expect(Object.keys(titles).sort()).toEqual(Object.keys(published()).sort());
    // The authors may have published more than meta.json holds.
    expect(Object.keys(findNetwork(id).published)).toEqual(expect.arrayContaining(Object.values(titles)));
  });

  it.each(Object.entries(titles))(
    '%s has the names, shapes and size of the authors’ file, and is recognised',
    (name, title) => {
      const { params, keys } = published()[name] as PublishedModel;
      const options = findNetwork(id).published[title];
      const { parameters } = createModel(id, options);
      expect(Object.fromEntries(shapesOf(parameters))).toEqual(keys);
      expect(parameters.all.map((parameter) => parameter.name)).toEqual(
        Object.keys(keys).filter((key) => !parameters.buffers.has(key)),
      );
      expect(parameters.count).toBe(params);
      expect(detected(new Map(Object.entries(keys))).map((found) => found.id)).toEqual([id]);
      expect(createModel(id, detected(new Map(Object.entries(keys)))[0]?.options).parameters.count).toBe(params);
    },
  );
}

/** A picture of seeded noise under a bright right side, so that what is far away differs from what is near. */
export function noise(batch: number, height: number, width: number, channels = 3): tf.Tensor4D {
  const ramp = tf.reshape(tf.linspace(0, 2, width), [1, 1, width, 1]);
  return tf.mul(tf.randomUniform([batch, height, width, channels], 0, 1, 'float32', 1), ramp);
}

export function worstDifference(a: tf.Tensor, b: tf.Tensor): number {
  expect(a.shape).toEqual(b.shape);
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync<'float32'>()[0] ?? Infinity);
}

/** Gives every parameter values by a formula, so that PyTorch can be given the same: sin(i), scaled by the fan-in. */
export function fillByFormula(parameters: Parameters): void {
  for (const parameter of parameters.all) {
    const { shape } = parameter;
    const count = shape.reduce((a, b) => a * b, 1);
    const scale = shape.length > 1 ? 1 / Math.sqrt(count / (shape[0] ?? 1)) : 0.1;
    parameter.set(Float32Array.from({ length: count }, (_, i) => Math.sin(i) * scale));
  }
}

/** A picture by a formula: (1 + sin(i)) / 2 in the order of NHWC. */
export function formulaPicture(height: number, width: number): tf.Tensor4D {
  return tf.tensor4d(
    Float32Array.from({ length: height * width * 3 }, (_, i) => (1 + Math.sin(i)) / 2),
    [1, height, width, 3],
  );
}

/** Values of a picture at its start, a third, half and end, and its mean: enough to tell two pictures apart. */
export function samples(y: tf.Tensor4D): { shape: number[]; values: number[]; mean: number } {
  const data = y.dataSync<'float32'>();
  const at = [0, Math.floor(data.length / 3), Math.floor(data.length / 2), data.length - 1];
  return { shape: y.shape, values: at.map((i) => data[i] ?? NaN), mean: data.reduce((a, b) => a + b, 0) / data.length };
}
