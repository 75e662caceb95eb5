import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { DT, type GraphNode } from '../../../../src/core/engine/graph/nodes.ts';
import { FLOAT } from '../../../../src/core/engine/graph/build.ts';
import { openEngine } from '../../../../src/core/engine/open.ts';
import { orderedSums } from '../../../../src/core/engine/passes/pairwiseSums.ts';
import { compileGraph } from '../../../../src/core/engine/compileGraph.ts';

beforeAll(() => void openEngine());

const node = (name: string, op: string, inputs: string[], attrs: GraphNode['attrs'] = {}): GraphNode => ({
  name,
  op,
  inputs,
  attrs: { T: FLOAT, ...attrs },
  outputs: [],
});
const placeholder = (name: string): GraphNode => ({
  name,
  op: 'Placeholder',
  inputs: [],
  attrs: { dtype: { type: DT.float32 }, shape: { shape: [2] } },
  outputs: [],
});

function sumOf(...nodes: GraphNode[]): number[] {
  const session = compileGraph([
    placeholder('a'),
    placeholder('b'),
    placeholder('c'),
    node('minus', 'Neg', ['c']),
    ...nodes,
  ]);
  const [result] = session.run({ a: tf.fill([2], 1), b: tf.fill([2], 1e8), c: tf.fill([2], 1e8) }, ['sum']);
  session.dispose();
  return [...(result as tf.Tensor).dataSync()];
}

// 1 + 1e8 is 1e8 in float32. Begun with the last term, whose memory TensorFlow may take over, the sums were 1.
test('sums are added up from the left, whichever term is free', () => {
  expect(sumOf(node('sum', 'AddN', ['a', 'b', 'minus'], { N: { int: 3 } }))).toEqual([0, 0]);
  expect(sumOf(node('part', 'AddV2', ['a', 'b']), node('sum', 'AddV2', ['part', 'minus']))).toEqual([0, 0]);
});

test('what a sum waits for, the number of its terms and its type stay', () => {
  const two = node('sum', 'AddN', ['a', 'b', '^c'], { N: { int: 2 } });
  expect(orderedSums([two])).toEqual([
    { ...two, attrs: { ...two.attrs, _grappler_ArithmeticOptimizer_AddOpsRewriteStage: { bool: true } } },
  ]);
  const one = node('sum', 'AddN', ['a', '^b', '^c'], { N: { int: 1 } });
  expect(orderedSums([one])).toMatchObject([one]);
  const parts = orderedSums([node('sum', 'AddN', ['a', 'b', 'c', '^d'], { N: { int: 3 }, T: { type: DT.int32 } })]);
  expect(parts).toMatchObject([
    { name: 'sum/upTo0', op: 'AddV2', inputs: ['a', 'b', '^d'], attrs: { T: { type: DT.int32 } } },
    { name: 'sum', op: 'AddV2', inputs: ['sum/upTo0', 'c', '^d'], attrs: { T: { type: DT.int32 } } },
  ]);
});
