import * as tf from '@tensorflow/tfjs-core';
import { DT, type GraphNode } from '../../engine/graph/nodes.ts';
import { Tracer } from '../../engine/tracing/tracer.ts';
import type { Model } from '../../networks/index.ts';

/** A number that depends on the size of the input: constant + height·H + width·W + area·H·W. */
export interface SizeExpression {
  constant: number;
  height: number;
  width: number;
  area: number;
}

/** Where in `nodes` each constant stands whose values depend on the input's size, with an expression for each value. */
export interface AnySizeGraph {
  nodes: readonly GraphNode[];
  /** The graph's name of the output. */
  output: string;
  sized: ReadonlyMap<string, readonly SizeExpression[]>;
  /** What the sides of the input must be a multiple of. */
  multipleOf: number;
  scale: number;
}

type Trace = { nodes: readonly GraphNode[]; output: string; scale: number };

/** Networks that pad do so to a multiple of at most this; at multiples of it nothing is padded. */
const PADDED = 64;

/**
 * Records a network's forward pass at several sizes and finds out how its shapes follow from the input's. Where a network
 * pads its input, the graph is that of sizes that need no padding.
 * @throws Error where shapes follow from the size in a way that is not understood.
 */
export function traceAnySize(model: Model): AnySizeGraph {
  return generalise(model, 1, 33, 46) ?? generalise(model, PADDED, PADDED, PADDED * 2) ?? unknown();
}

function unknown(): never {
  throw new Error('its shapes do not follow from the size of the picture in a simple way');
}

function generalise(model: Model, step: number, height: number, width: number): AnySizeGraph | undefined {
  // Four sizes to find four coefficients, and a fifth to see whether they hold.
  const base = trace(model, height, width);
  const others = [
    trace(model, height + step, width),
    trace(model, height, width + step),
    trace(model, height + step, width + step),
  ];
  const check = trace(model, height + 2 * step, width + 3 * step);
  const sized = new Map<string, SizeExpression[]>();
  for (const [i, node] of base.nodes.entries()) {
    const same = [...others, check].map(({ nodes }) => nodes[i]);
    if (same.some((other) => other?.op !== node.op || other.inputs.join() !== node.inputs.join())) return undefined;
    const values = [node, ...same].map((n) => valuesOf(n as GraphNode));
    const [a, ...rest] = values;
    if (!a || rest.every((r) => r === undefined || (r.length === a.length && r.every((v, k) => v === a[k])))) continue;
    if (rest.some((r) => r?.length !== a.length)) return undefined;
    const [tall, wide, both, checked] = rest as [Values, Values, Values, Values];
    const expressions = Array.from(a, (value, k) =>
      fit([value, tall[k] ?? 0, wide[k] ?? 0, both[k] ?? 0], step, height, width),
    );
    if (
      expressions.some((e, k) => Math.abs(evaluate(e, height + 2 * step, width + 3 * step) - (checked[k] ?? 0)) > 1e-3)
    )
      return undefined;
    sized.set(node.name, expressions);
  }
  return { ...base, sized, multipleOf: step };
}

const evaluate = ({ constant, height, width, area }: SizeExpression, h: number, w: number): number =>
  constant + height * h + width * w + area * h * w;

/** The coefficients from the values at (h,w), (h+s,w), (h,w+s) and (h+s,w+s). */
function fit([v, tall, wide, both]: [number, number, number, number], s: number, h: number, w: number): SizeExpression {
  const area = (both - tall - wide + v) / (s * s);
  const height = (tall - v) / s - area * w;
  const width = (wide - v) / s - area * h;
  return { constant: v - height * h - width * w - area * h * w, height, width, area };
}

function trace(model: Model, height: number, width: number): Trace {
  const tracer = new Tracer();
  const found = { output: '', scale: 1 };
  tf.tidy(() => {
    // Named first, so that weights have the same nodes in every trace.
    for (const parameter of model.parameters.all) tracer.nameOf(parameter.value);
    const x = tf.fill<tf.Rank.R4>([1, height, width, 3], 0.5);
    tracer.bindPlaceholder(x, 'x');
    const y = tracer.record(() => model.forward(x));
    found.output = tracer.nameOf(y);
    found.scale = y.shape[1] / height;
  });
  return { nodes: tracer.nodes, ...found };
}

type Values = Float32Array | Int32Array;

/** The values of a constant. */
export function valuesOf({ attrs }: GraphNode): Values | undefined {
  const value = attrs['value'];
  if (!value || !('tensor' in value)) return undefined;
  const { dtype, bytes } = value.tensor;
  const raw = bytes.slice().buffer;
  if (dtype === DT.int32) return new Int32Array(raw);
  return dtype === DT.float32 ? new Float32Array(raw) : undefined;
}
