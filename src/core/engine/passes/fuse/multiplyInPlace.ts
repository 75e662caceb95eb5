import type { GraphNode } from '../../graph/nodes.ts';
import {
  countOf,
  FLOAT,
  floatConstant,
  integerConstant,
  joinShapes,
  operation,
  partOfShape,
  reshape,
  runtimeShape,
} from '../../graph/build.ts';
import { floats, type GraphIndex, shapeOf } from '../../graph/index.ts';
import { productsInPlace, type Step } from './productChain.ts';

/**
 * Multiplies by constant matrices along rows or columns in place, without transposing. oneDNN is fastest if such
 * products are written as 1x1 convolutions with that axis as channels; it also adds the bias in the same operation.
 */
export function multiplyInPlace(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  const products = productsInPlace(graph, node);
  const matrices = products?.steps.map(({ matrix }) => graph.is(matrix, 'Const')) ?? [];
  if (!products || !matrices.every((matrix) => matrix !== undefined)) return undefined;
  const nodes: GraphNode[] = [];
  products.steps.reduce((input, step, i) => {
    const name = i === matrices.length - 1 ? node.name : `${node.name}/fused/step${i}`;
    nodes.push(...multiply(name, input, step, matrices[i] as GraphNode, products.rank));
    return name;
  }, products.x);
  return nodes;
}

/** [outer…, from, inner…] as [outer, from, inner, 1], with `from` as the channels of NCHW, and back. */
function multiply(
  name: string,
  x: string,
  { axis, fromFirst, added }: Step,
  matrix: GraphNode,
  rank: number,
): GraphNode[] {
  const part = (suffix: string): string => `${name}/${suffix}`;
  const [rows = 0, columns = 0] = shapeOf(matrix);
  const [from, to] = fromFirst ? [rows, columns] : [columns, rows];
  const values = floats(matrix);
  const filter = fromFirst
    ? values
    : Float32Array.from(values, (_, i) => values[(i % to) * from + Math.floor(i / to)] ?? NaN);
  const biases = added.map((constant) => floats(constant));
  const bias = Float32Array.from({ length: to }, (_, i) =>
    biases.reduce((sum, one) => sum + (one[i % one.length] ?? NaN), 0),
  );
  const attrs = {
    T: FLOAT,
    TArgs: { types: [FLOAT.type] },
    num_args: { int: 1 },
    fused_ops: { strings: ['BiasAdd'] },
    data_format: { string: 'NCHW' },
    strides: { ints: [1, 1, 1, 1] },
    padding: { string: 'VALID' },
  };
  return [
    runtimeShape(part('x'), x),
    ...partOfShape(part('outer'), part('x'), 0, axis),
    ...countOf(part('count'), part('outer')),
    integerConstant(part('rest'), [from, -1, 1]),
    ...joinShapes(part('stacked'), [part('count'), part('rest')]),
    reshape(part('stack'), x, part('stacked')),
    floatConstant(part('filter'), [1, 1, from, to], filter),
    floatConstant(part('bias'), [to], bias),
    operation(part('product'), '_FusedConv2D', [part('stack'), part('filter'), part('bias')], attrs),
    integerConstant(part('to'), [to]),
    ...partOfShape(part('inner'), part('x'), axis + 1, rank - axis - 1),
    ...joinShapes(part('shape'), [part('outer'), part('to'), part('inner')]),
    reshape(name, part('product'), part('shape')),
  ];
}
