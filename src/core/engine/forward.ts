import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../../shared/errors.ts';
import { compileGraph } from './compileGraph.ts';
import { constant, float32 } from './graph/build.ts';
import type { GraphNode } from './graph/nodes.ts';
import { wide } from './tracing/kernels.ts';
import type { LowerOptions } from './passes/index.ts';
import type { GraphSession } from './graphSession.ts';
import { Tracer } from './tracing/tracer.ts';

/** How many graphs are kept, each for one input shape: one for whole tiles and a few for pictures of other sizes. */
export const mostGraphs = 4;

/** A forward pass: [B,H,W,3] → [B,H',W',3]. */
export type Forward = (x: tf.Tensor4D) => tf.Tensor4D;

export interface CompiledForward {
  /** [B,H,W,3] → [B,H',W',3]; the caller disposes the result. */
  (x: tf.Tensor4D): tf.Tensor4D;
  /** Why it runs op by op; undefined while it runs compiled. */
  readonly fallback: string | undefined;
  /** Call this when the tensors named as changing have new values. */
  readonly changed: () => void;
  readonly dispose: () => void;
}

export interface CompileOptions extends Pick<LowerOptions, 'precision'> {
  /** Tensors of `forward` whose values change; {@link CompiledForward.changed} is called after each change. */
  changing?: readonly tf.Tensor[];
}

/** For one input shape: the recorded graph, and the session that runs it with the current values. */
interface Graph {
  nodes: readonly GraphNode[];
  output: string;
  session: GraphSession | undefined;
}

/**
 * Compiles a forward pass into one TensorFlow graph per input shape. Weights become constants of the graph, so that
 * TensorFlow can prepare them once. Changing a weight later has no effect unless it was named as changing. If an
 * operation cannot be recorded, the pass runs op by op, with the same result.
 */
export function compileForward(forward: Forward, { changing = [], ...options }: CompileOptions = {}): CompiledForward {
  // Ordered by last use: a Map keeps insertion order.
  const graphs = new Map<string, Graph>();
  let fallback: string | undefined;

  const compiled = (x: tf.Tensor4D): tf.Tensor4D => {
    const key = x.shape.join();
    let graph = graphs.get(key);
    if (fallback === undefined) {
      try {
        graph ??= { ...trace(forward, x.shape, changing), session: undefined };
        graph.session ??= compileGraph(withValues(graph.nodes, changing), options);
      } catch (error) {
        fallback = messageOf(error);
      }
    }
    if (!graph?.session) return tf.tidy(() => forward(x));
    graphs.delete(key);
    graphs.set(key, graph);
    const [oldest] = graphs;
    if (graphs.size > mostGraphs && oldest) {
      oldest[1].session?.dispose();
      graphs.delete(oldest[0]);
    }
    return graph.session.run({ x }, [graph.output])[0] as tf.Tensor4D;
  };
  const changed = (): void => {
    for (const graph of graphs.values()) {
      graph.session?.dispose();
      graph.session = undefined;
    }
  };
  const dispose = (): void => {
    changed();
    graphs.clear();
  };
  return Object.defineProperty(Object.assign(compiled, { changed, dispose }), 'fallback', {
    get: () => fallback,
  }) as CompiledForward;
}

function trace(
  forward: Forward,
  shape: [number, number, number, number],
  changing: readonly tf.Tensor[],
): Pick<Graph, 'nodes' | 'output'> {
  const tracer = new Tracer();
  let output = '';
  tf.tidy(() => {
    const x = tf.fill<tf.Rank.R4>(shape, 0.5);
    tracer.bindPlaceholder(x, 'x');
    changing.forEach((tensor, i) => tracer.bindPlaceholder(tensor, changingName(i)));
    output = tracer.nameOf(tracer.record(() => wide(forward(x))));
  });
  return { nodes: tracer.nodes, output };
}

const changingName = (i: number): string => `changing${i}`;

/** The graph's nodes, with the current values of the changing tensors as constants. */
function withValues(nodes: readonly GraphNode[], changing: readonly tf.Tensor[]): readonly GraphNode[] {
  const values = new Map(changing.map((tensor, i) => [changingName(i), tensor]));
  return nodes.map((node) => {
    const tensor = values.get(node.name);
    if (!tensor) return node;
    const { buffer, byteOffset, byteLength } = tensor.dataSync();
    return constant(node.name, float32(tensor.shape), new Uint8Array(buffer, byteOffset, byteLength));
  });
}
