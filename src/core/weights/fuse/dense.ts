import type { GraphNode } from '../../engine/graph.ts';
import { asRows, equationOf, FLOAT, floats, type GraphIndex, integerConstant, isAlongLastAxis, joinShapes, node as operation, partOfShape, reshape, reshapedConstant, runtimeShape, scalar, shapeOf } from './graphIndex.ts';

/** A product over the last axis with a bias, alone or with GELU after it. */
export function fuseDense(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  const activated = geluOf(graph, node);
  const dense = denseAt(graph, activated === undefined ? node : graph.at(activated));
  if (!dense) return undefined;
  const { x, weight, bias, rank } = dense;
  const [inputs = 0, outputs = 0] = shapeOf(weight);
  const part = (name: string): string => `${node.name}/fused/${name}`;
  const attrs = {
    T: FLOAT,
    num_args: { int: 1 },
    fused_ops: { strings: activated === undefined ? ['BiasAdd'] : ['BiasAdd', 'GeluApproximate'] },
    transpose_a: { bool: false },
    transpose_b: { bool: false },
  };
  return [
    ...asRows(part('rows'), x, inputs),
    reshapedConstant(part('bias'), bias, [outputs]),
    operation(part('product'), '_FusedMatMul', [part('rows'), weight.name, part('bias')], attrs),
    runtimeShape(part('x'), x),
    ...partOfShape(part('rest'), part('x'), 0, rank - 1),
    integerConstant(part('last'), [outputs]),
    ...joinShapes(part('shape'), [part('rest'), part('last')]),
    reshape(node.name, part('product'), part('shape')),
  ];
}

function denseAt(graph: GraphIndex, node: GraphNode | undefined): { x: string; weight: GraphNode; bias: GraphNode; rank: number } | undefined {
  const shifted = graph.withConstant(node, 'AddV2');
  const product = graph.is(shifted?.other, 'Einsum');
  const [x, matrix] = product?.inputs ?? [];
  const weight = graph.is(matrix, 'Const');
  if (!shifted || !weight || x === undefined) return undefined;
  // Such as `abcg,gf->abcf`: all but the last axis stand.
  const rest = /^([a-z]+)([a-z]),\2([a-z])->\1\3$/.exec(equationOf(product))?.[1];
  if (rest === undefined || !isAlongLastAxis(shifted.constant) || floats(shifted.constant).length !== shapeOf(weight)[1]) return undefined;
  return { x, weight, bias: shifted.constant, rank: rest.length + 1 };
}

/** What `node` is the GELU of, by the approximation `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))` (Hendrycks and Gimpel, 2016). */
function geluOf(graph: GraphIndex, node: GraphNode): string | undefined {
  if (node.op !== 'Mul') return undefined;
  const half = node.inputs.map((input) => graph.times(input, 0.5)).find((x) => x !== undefined);
  const raised = node.inputs.map((input) => graph.withConstant(graph.at(input), 'AddV2')).find((sum) => sum && scalar(sum.constant) === 1);
  const inner = graph.is(graph.times(graph.is(raised?.other, 'Tanh')?.inputs[0], Math.sqrt(2 / Math.PI)), 'AddV2')?.inputs;
  if (half === undefined || !inner?.includes(half)) return undefined;
  const cubic = graph.is(inner.find((input) => input !== half), 'Mul')?.inputs ?? [];
  return cubic.some((input) => graph.squareOf(input) === half) && cubic.some((input) => graph.times(input, 0.044715) === half) ? half : undefined;
}
