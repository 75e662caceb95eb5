import type { GraphNode } from '../../graph/nodes.ts';
import { asRows, FLOAT, operation, reshape, reshapedConstant, runtimeShape } from '../../graph/build.ts';
import { floats, type GraphIndex, integers, isAlongLastAxis, scalar } from '../../graph/index.ts';

/**
 * Layer norm over the last axis as Flax writes it: `(x − mean) · (rsqrt(variance + eps) · scale) + offset`, the
 * variance as `max(0, E[x²] − mean²)` (flax.linen.LayerNorm).
 */
export function fuseLayerNorm(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  const shifted = graph.withConstant(node, 'AddV2');
  const product = graph.is(shifted?.other, 'Mul')?.inputs ?? [];
  const [x, mean] = only(product.map((input) => graph.is(input, 'Sub')))?.inputs ?? [];
  const scaled = graph.withConstant(only(product.map((input) => graph.is(input, 'Mul'))), 'Mul');
  const padded = graph.withConstant(graph.is(graph.is(scaled?.other, 'Rsqrt')?.inputs[0], 'AddV2'), 'AddV2');
  if (!shifted || !scaled || !padded || x === undefined) return undefined;
  const channels = floats(shifted.constant).length;
  if (
    !isAlongLastAxis(shifted.constant) ||
    !isAlongLastAxis(scaled.constant) ||
    floats(scaled.constant).length !== channels ||
    !isVariance(graph, withoutAxis(graph, padded.other), x, withoutAxis(graph, mean), channels)
  )
    return undefined;
  const part = (name: string): string => `${node.name}/fused/${name}`;
  return [
    ...asRows(part('rows'), x, channels),
    reshapedConstant(part('scale'), scaled.constant, [channels]),
    reshapedConstant(part('offset'), shifted.constant, [channels]),
    operation(part('norm'), '_MklLayerNorm', [part('rows'), part('scale'), part('offset')], {
      T: FLOAT,
      epsilon: { float: scalar(padded.constant) },
    }),
    runtimeShape(part('shape'), x),
    reshape(node.name, part('norm'), part('shape')),
  ];
}

function isVariance(
  graph: GraphIndex,
  input: string | undefined,
  x: string,
  mean: string | undefined,
  channels: number,
): boolean {
  const [squares, squaredMean] = graph.is(graph.with(input, 'Maximum', 0), 'Sub')?.inputs ?? [];
  return (
    summedFor(graph, mean, channels) === x &&
    graph.squareOf(summedFor(graph, squares, channels)) === x &&
    graph.squareOf(squaredMean) === mean
  );
}

/** The input x of a mean over one axis with this many channels. */
function summedFor(graph: GraphIndex, input: string | undefined, channels: number): string | undefined {
  const [summed, axis] = graph.is(graph.with(input, 'Mul', 1 / channels), 'Sum')?.inputs ?? [];
  return integers(graph.is(axis, 'Const')).length === 1 ? summed : undefined;
}

/** The input of a reshape that appends an axis of length one. */
function withoutAxis(graph: GraphIndex, input: string | undefined): string | undefined {
  const put = graph.is(input, 'Reshape');
  const last = graph.is(graph.is(put?.inputs[1], 'Pack')?.inputs.at(-1), 'Const');
  return integers(last)[0] === 1 ? put?.inputs[0] : undefined;
}

const only = <T>(found: readonly (T | undefined)[]): T | undefined => found.find((item) => item !== undefined);
