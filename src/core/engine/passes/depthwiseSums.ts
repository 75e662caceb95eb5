import type { GraphNode } from '../graph/nodes.ts';
import { GraphIndex, isSum } from '../graph/index.ts';

const BIASES = new Set(['BiasAdd', 'Add', 'AddV2']);

/**
 * Keeps TensorFlow's optimiser from a mistake. Its remapper fuses a convolution, its bias and a sum with something of the
 * same shape, and takes depthwise convolutions for such too, although there is no operation for them: it writes a node
 * without one, fails on it, and leaves all of the graph without fused convolutions. It does not look through `IdentityN`
 * of several values, which costs nothing; so both sides of such a sum pass through one, and depthwise convolution and bias
 * are still fused. (TensorFlow 2.21, remapper.cc, `FindContractionWithBiasAddAndAdd`.)
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
      { name: apart, op: 'IdentityN', inputs: node.inputs, attrs: { T: { types: [T.type, T.type] } }, outputs: [] },
      { ...node, inputs: [apart, `${apart}:1`] },
    ];
  });
}
