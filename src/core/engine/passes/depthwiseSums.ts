import { operation } from '../graph/build.ts';
import type { GraphNode } from '../graph/nodes.ts';
import { GraphIndex, isSum } from '../graph/index.ts';

const BIASES = new Set(['BiasAdd', 'Add', 'AddV2']);

/**
 * Works around a bug in TensorFlow's optimiser. Its remapper fuses a convolution, its bias and the sum with another
 * feature map. It tries the same with depthwise convolutions, although no such fused operation exists: it writes an
 * invalid node, fails, and then leaves the whole graph without fused convolutions. The remapper does not look through
 * an `IdentityN` of several values, which costs nothing. So both terms of such a sum are passed through one. The
 * depthwise convolution is still fused with its bias. (TensorFlow 2.21, remapper.cc,
 * `FindContractionWithBiasAddAndAdd`.)
 */
export function guardDepthwiseSums(nodes: readonly GraphNode[]): GraphNode[] {
  const graph = new GraphIndex(nodes);
  const isBiased = (input: string): boolean => {
    const { op, inputs } = graph.at(input) ?? { op: '', inputs: [] };
    return BIASES.has(op) && inputs.some((name) => graph.is(name, 'DepthwiseConv2dNative'));
  };
  return nodes.flatMap((node) => {
    const { T } = node.attrs;
    if (!isSum(node) || !T || !('type' in T) || node.inputs.length !== 2 || !node.inputs.some(isBiased)) return node;
    const apart = `${node.name}/apart`;
    return [
      operation(apart, 'IdentityN', node.inputs, { T: { types: [T.type, T.type] } }),
      { ...node, inputs: [apart, `${apart}:1`] },
    ];
  });
}
