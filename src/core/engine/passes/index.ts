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
  /** The output to fuse patterns for (see fuse/fuseGraph.ts). For imported graphs, and on the CPU only. */
  fuseFor?: string;
}

/**
 * Rewrites a graph for TensorFlow. These are all passes, in the order in which they run. Each returns new nodes and
 * does not change the nodes that it was given.
 */
export function lower(nodes: readonly GraphNode[], options: LowerOptions = {}): readonly GraphNode[] {
  const { precision = 'float32', winograd = false, fuseFor } = options;
  return [
    // Fuses patterns of imported graphs. First, because it expects the nodes as they are in the file.
    (graph: readonly GraphNode[]) => (fuseFor === undefined ? graph : fuseGraph(graph, fuseFor)),
    // If 16 bits are wanted, adds casts around products and the operations that follow them.
    (graph: readonly GraphNode[]) => withPrecision(graph, precision),
    // Reduces the multiplications of convolutions that are still float32. After the precision pass, because it pays in
    // float32 only.
    (graph: readonly GraphNode[]) => (winograd ? withWinograd(graph) : graph),
    // Fixes the order of every sum, including those that earlier passes have added.
    orderedSums,
    // Protects sums after depthwise convolutions from a bug in TensorFlow's optimiser. Last, because it needs sums of
    // two terms.
    guardDepthwiseSums,
  ].reduce<readonly GraphNode[]>((graph, pass) => pass(graph), nodes);
}
