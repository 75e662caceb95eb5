import type { GraphNode } from '../../graph/nodes.ts';
import {
  asRows,
  FLOAT,
  floatConstant,
  integerConstant,
  joinShapes,
  operation,
  partOfShape,
  reshape,
  reshapedConstant,
  runtimeShape,
} from '../../graph/build.ts';
import { equationOf, floats, type GraphIndex, integers, isAlongLastAxis, shapeOf } from '../../graph/index.ts';

/** A matrix product over the last axis of x with a bias, with or without GELU. */
interface Dense {
  x: string;
  rank: number;
  weight: GraphNode;
  bias: GraphNode;
  activated: boolean;
}

export function fuseDense(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  const dense = denseOf(graph, node);
  return dense ? multiply(node.name, dense) : fuseChannels(graph, node);
}

/**
 * A slice of the channels of a dense layer, if all readers of the layer are such slices: becomes a product with some
 * columns of the matrix, so that the result need not be copied. The remaining slice takes all channels, which costs
 * nothing.
 */
function fuseChannels(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  const [whole, ...places] = node.inputs.map((input) => graph.at(input));
  const dense = whole && isPlainSlice(node) && graph.readersOf(whole).every(isPlainSlice) && denseOf(graph, whole);
  if (!dense) return undefined;
  const [begin, end, strides] = places;
  const { weight, bias, rank } = dense;
  const [inputs = 0, outputs = 0] = shapeOf(weight);
  const [starts, ends] = [integers(begin), end?.op === 'Pack' ? end.inputs : []];
  const [first = NaN, last = NaN] = [starts.at(-1), integers(graph.is(ends.at(-1), 'Const'))[0]];
  const isChannels =
    starts.length === rank &&
    ends.length === rank &&
    starts.slice(0, -1).every((start) => start === 0) &&
    integers(strides).every((stride) => stride === 1);
  if (!end || !isChannels || !(0 <= first && first < last && last <= outputs)) return undefined;
  const count = last - first;
  const columns = (constant: GraphNode): Float32Array<ArrayBuffer> =>
    floats(constant).filter((_, i) => i % outputs >= first && i % outputs < last);
  const part = (name: string): string => `${node.name}/fused/${name}`;
  const made = {
    ...dense,
    weight: floatConstant(part('weight'), [inputs, count], columns(weight)),
    bias: floatConstant(part('bias'), [count], columns(bias)),
  };
  return [
    made.weight,
    made.bias,
    ...multiply(part('dense'), made),
    integerConstant(
      part('begin'),
      Array.from(starts, () => 0),
    ),
    integerConstant(part('count'), [count], []),
    { ...end, name: part('end'), inputs: ends.with(-1, part('count')) },
    { ...node, inputs: [part('dense'), part('begin'), part('end'), ...node.inputs.slice(3)] },
  ];
}

const MASKS = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];

function isPlainSlice({ op, attrs }: GraphNode): boolean {
  const isOff = (mask: GraphNode['attrs'][string] | undefined): boolean =>
    mask === undefined || ('int' in mask && mask.int === 0);
  return op === 'StridedSlice' && MASKS.every((mask) => isOff(attrs[mask]));
}

function multiply(name: string, { x, rank, weight, bias, activated }: Dense): GraphNode[] {
  const [inputs = 0, outputs = 0] = shapeOf(weight);
  const part = (suffix: string): string => `${name}/fused/${suffix}`;
  const attrs = {
    T: FLOAT,
    num_args: { int: 1 },
    fused_ops: { strings: activated ? ['BiasAdd', 'GeluApproximate'] : ['BiasAdd'] },
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
    reshape(name, part('product'), part('shape')),
  ];
}

function denseOf(graph: GraphIndex, node: GraphNode): Dense | undefined {
  const activated = geluOf(graph, node);
  const shifted = graph.withConstant(activated === undefined ? node : graph.at(activated), 'AddV2');
  const product = graph.is(shifted?.other, 'Einsum');
  const [x, matrix] = product?.inputs ?? [];
  const weight = graph.is(matrix, 'Const');
  if (!shifted || !weight || x === undefined) return undefined;
  // Such as `abcg,gf->abcf`: all axes except the last stay.
  const rest = /^([a-z]+)([a-z]),\2([a-z])->\1\3$/.exec(equationOf(product))?.[1];
  if (
    rest === undefined ||
    !isAlongLastAxis(shifted.constant) ||
    floats(shifted.constant).length !== shapeOf(weight)[1]
  )
    return undefined;
  return { x, rank: rest.length + 1, weight, bias: shifted.constant, activated: activated !== undefined };
}

/**
 * The input of a GELU whose result is `node`, by the approximation `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`
 * (Hendrycks and Gimpel, 2016).
 */
function geluOf(graph: GraphIndex, node: GraphNode): string | undefined {
  if (node.op !== 'Mul') return undefined;
  const half = node.inputs.map((input) => graph.with(input, 'Mul', 0.5)).find((x) => x !== undefined);
  const raised = node.inputs.map((input) => graph.with(input, 'AddV2', 1)).find((tanh) => tanh !== undefined);
  const inner = graph.is(
    graph.with(graph.is(raised, 'Tanh')?.inputs[0], 'Mul', Math.sqrt(2 / Math.PI)),
    'AddV2',
  )?.inputs;
  if (half === undefined || !inner?.includes(half)) return undefined;
  const cubic =
    graph.is(
      inner.find((input) => input !== half),
      'Mul',
    )?.inputs ?? [];
  return cubic.some((input) => graph.squareOf(input) === half) &&
    cubic.some((input) => graph.with(input, 'Mul', 0.044715) === half)
    ? half
    : undefined;
}
