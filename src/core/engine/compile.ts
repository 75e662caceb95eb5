import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../../shared/errors.ts';
import type { Layer } from '../networks/layers.ts';
import { wide } from './kernels.ts';
import { type Precision, withPrecision } from './precision.ts';
import { Session } from './session.ts';
import { Tracer } from './trace.ts';

/** How many graphs, each for one input shape, are kept: the one for whole tiles, and a few for odd pictures. */
export const mostGraphs = 4;

export interface CompiledForward {
  /** [B,H,W,3] → [B,H',W',3]; the caller disposes the result. */
  (x: tf.Tensor4D): tf.Tensor4D;
  /** Why the last shape ran op by op, if it did. */
  readonly fallback: string | undefined;
  dispose(): void;
}

export interface CompileOptions {
  /** Precision of convolutions and what stands between them; float32 by default. */
  precision?: Precision;
  /** Tensors of `forward` whose values may change between two calls; they are sent along with each. */
  changing?: readonly tf.Tensor[];
}

/**
 * Compiles a forward pass into one TensorFlow graph for each input shape it meets. Weights become constants of the graph,
 * so that TensorFlow can prepare them once: later changes of the parameters are not seen, except of those named as
 * changing. Where an operation cannot be recorded the pass runs op by op, with the same result.
 */
export function compileForward(forward: Layer, { precision = 'float32', changing = [] }: CompileOptions = {}): CompiledForward {
  // In the order of last use; a Map keeps the order of insertion.
  const graphs = new Map<string, { session: Session; output: string }>();
  let fallback: string | undefined;

  const compiled = (x: tf.Tensor4D): tf.Tensor4D => {
    const key = x.shape.join();
    let graph = graphs.get(key);
    if (!graph && fallback === undefined) {
      try {
        graph = trace(forward, x.shape, precision, changing);
      } catch (error) {
        fallback = messageOf(error);
      }
    }
    if (!graph) return tf.tidy(() => forward(x));
    graphs.delete(key);
    graphs.set(key, graph);
    const oldest = graphs.keys().next().value;
    if (graphs.size > mostGraphs && oldest !== undefined) {
      graphs.get(oldest)?.session.dispose();
      graphs.delete(oldest);
    }
    return graph.session.run({ x, ...Object.fromEntries(changing.map((tensor, i) => [`changing${i}`, tensor])) }, [graph.output])[0] as tf.Tensor4D;
  };
  const dispose = (): void => {
    for (const { session } of graphs.values()) session.dispose();
    graphs.clear();
  };
  return Object.defineProperty(Object.assign(compiled, { dispose }), 'fallback', { get: () => fallback }) as CompiledForward;
}

function trace(forward: Layer, shape: [number, number, number, number], precision: Precision, changing: readonly tf.Tensor[]): { session: Session; output: string } {
  const tracer = new Tracer();
  let output = '';
  tf.tidy(() => {
    const x = tf.fill<tf.Rank.R4>(shape, 0.5);
    tracer.bindPlaceholder(x, 'x');
    changing.forEach((tensor, i) => tracer.bindPlaceholder(tensor, `changing${i}`));
    output = tracer.nameOf(tracer.record(() => wide(forward(x))));
  });
  return { session: new Session(withPrecision(tracer.nodes, precision)), output };
}
