import type { GraphNode } from '../graph/nodes.ts';
import { guardDepthwiseSums } from './depthwiseSums.ts';
import { fuseGraph } from './fuse/fuseGraph.ts';
import { orderedSums } from './pairwiseSums.ts';
import { type Precision, withPrecision } from './precision.ts';
import { withWinograd } from './winograd.ts';

export interface LowerOptions {
  /** Precision of convolutions and of what stands between them; float32 by default. */
  precision?: Precision;
  /** Let float32 convolutions multiply less (see winograd.ts); off by default. */
  winograd?: boolean;
  /** The name of the output to fuse patterns for (see fuse/fuseGraph.ts): for imported graphs, on the CPU only. */
  fuseFor?: string;
}

/**
 * Rewrites a graph for TensorFlow. These are all passes, in the order in which they run; each returns new nodes and
 * leaves those it was given as they are.
 */
export function lower(nodes: readonly GraphNode[], options: LowerOptions = {}): readonly GraphNode[] {
  const { precision = 'float32', winograd = false, fuseFor } = options;
  return [
    // Patterns of imported graphs become single operations. First: it compares the nodes as the file has them.
    (graph: readonly GraphNode[]) => (fuseFor === undefined ? graph : fuseGraph(graph, fuseFor)),
    // Where 16 bits are wanted, casts are added around products and what follows them.
    (graph: readonly GraphNode[]) => withPrecision(graph, precision),
    // Convolutions that are still float32 multiply less. After the precision is known: it pays in float32 only.
    (graph: readonly GraphNode[]) => (winograd ? withWinograd(graph) : graph),
    // Every sum gets a fixed order, those that the passes before have made included.
    orderedSums,
    // Sums after depthwise convolutions are kept from a mistake of TensorFlow's optimiser. Last: it needs sums of two
    // terms.
    guardDepthwiseSums,
  ].reduce<readonly GraphNode[]>((graph, pass) => pass(graph), nodes);
}
