import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../../shared/errors.ts';
import { constantAttributes, DT, type GraphNode } from './graph/nodes.ts';
import { wide } from './tracing/kernels.ts';
import { type Precision, withPrecision } from './passes/precision.ts';
import { GraphSession } from './graphSession.ts';
import { Tracer } from './tracing/tracer.ts';

/** How many graphs, each for one input shape, are kept: the one for whole tiles, and a few for odd pictures. */
export const mostGraphs = 4;

/** A forward pass: [B,H,W,3] → [B,H',W',3]. */
export type Forward = (x: tf.Tensor4D) => tf.Tensor4D;

export interface CompiledForward {
  /** [B,H,W,3] → [B,H',W',3]; the caller disposes the result. */
  (x: tf.Tensor4D): tf.Tensor4D;
  /** Why the last shape ran op by op, if it did. */
  readonly fallback: string | undefined;
  /** The tensors named as changing have other values from now on. */
  readonly changed: () => void;
  readonly dispose: () => void;
}

export interface CompileOptions {
  /** Precision of convolutions and what stands between them; float32 by default. */
  precision?: Precision;
  /** Tensors of `forward` whose values change at times; {@link CompiledForward.changed} is called when they have. */
  changing?: readonly tf.Tensor[];
}

/** What one input shape came to: its recording, and the session that runs it with the present values. */
interface Graph {
  nodes: readonly GraphNode[];
  output: string;
  session: GraphSession | undefined;
}

/**
 * Compiles a forward pass into one TensorFlow graph for each input shape it meets. Weights become constants of the graph,
 * so that TensorFlow can prepare them once: later changes of the parameters are not seen, except of those named as
 * changing. Where an operation cannot be recorded the pass runs op by op, with the same result.
 */
export function compileForward(
  forward: Forward,
  { precision = 'float32', changing = [] }: CompileOptions = {},
): CompiledForward {
  // In the order of last use; a Map keeps the order of insertion.
  const graphs = new Map<string, Graph>();
  let fallback: string | undefined;

  const compiled = (x: tf.Tensor4D): tf.Tensor4D => {
    const key = x.shape.join();
    let graph = graphs.get(key);
    if (fallback === undefined) {
      try {
        graph ??= { ...trace(forward, x.shape, precision, changing), session: undefined };
        graph.session ??= new GraphSession(withValues(graph.nodes, changing));
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
  precision: Precision,
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
  return { nodes: withPrecision(tracer.nodes, precision), output };
}

const changingName = (i: number): string => `changing${i}`;

/** The nodes with the changing tensors' present values as constants. */
function withValues(nodes: readonly GraphNode[], changing: readonly tf.Tensor[]): readonly GraphNode[] {
  const values = new Map(changing.map((tensor, i) => [changingName(i), tensor]));
  return nodes.map((node) => {
    const tensor = values.get(node.name);
    if (!tensor) return node;
    const { buffer, byteOffset, byteLength } = tensor.dataSync();
    return {
      ...node,
      op: 'Const',
      attrs: constantAttributes(DT.float32, tensor.shape, new Uint8Array(buffer, byteOffset, byteLength)),
    };
  });
}
