import * as tf from '@tensorflow/tfjs-core';
import { DT, type GraphNode } from '../../engine/graph/nodes.ts';
import { Tracer } from '../../engine/tracing/tracer.ts';
import type { Layer } from '../../networks/layer.ts';

/** A number that depends on the size of the input: constant + height·H + width·W + area·H·W. */
export interface SizeExpression {
  constant: number;
  height: number;
  width: number;
  area: number;
}

/** A forward pass as a graph, for pictures of any size or of one size. */
export interface RecordedGraph {
  nodes: readonly GraphNode[];
  /** The graph's name of the output; the input's is `x`. */
  output: string;
  /** The values of the nodes `Parameter`, which have PyTorch's names. */
  parameters: ReadonlyMap<string, tf.Tensor>;
  /** Constants whose values depend on the input's size: an expression for each value. */
  sized: ReadonlyMap<string, readonly SizeExpression[]>;
  /** Sides of the input must be a multiple of this. */
  multipleOf: number;
  /** The only size of the input, if the graph has a fixed size. */
  fixed?: { height: number; width: number };
  scale: number;
}

/** What is recorded: a forward pass over [1,H,W,channels] and the tensors that it calls by name. */
export interface Recordable {
  forward: Layer;
  channels: number;
  parameters: readonly { name: string; value: tf.Tensor }[];
  /** Sides of the input that need no padding are multiples of this. */
  multipleOf?: number;
}

type Trace = Pick<RecordedGraph, 'nodes' | 'output' | 'parameters' | 'scale'>;

/** Candidates for the multiple to which a network pads its input; a picture with such sides is not padded. */
const steps = [1, 2, 4, 8, 16, 32, 64];

/** The smallest sides of the pictures that are tried. */
const SIDES = [33, 46] as const;

/**
 * Records a network's forward pass at several sizes and derives how its shapes depend on the input's. If a network pads
 * its input, the graph is recorded at sizes that need no padding: multiples of the smallest number for which this is
 * so.
 * @returns undefined if its operations or shapes do not depend on the size in a simple way
 */
export function recordAnySize(network: Recordable): RecordedGraph | undefined {
  for (const step of steps.filter((each) => each >= (network.multipleOf ?? 1))) {
    const found = generalise(network, step);
    if (found) return found;
  }
  return undefined;
}

/** Records a network's forward pass for one size. */
export function recordFixed(network: Recordable, fixed: { height: number; width: number }): RecordedGraph {
  return { ...trace(network, fixed.height, fixed.width), sized: new Map(), multipleOf: 1, fixed };
}

function generalise(network: Recordable, step: number): RecordedGraph | undefined {
  const [height, width] = SIDES.map((side) => Math.ceil(side / step) * step) as [number, number];
  const sizeOf = (down: number, right: number): [number, number] => [height + down * step, width + right * step];
  const base = trace(network, ...sizeOf(0, 0));
  // Four sizes give four coefficients; two more sizes check them.
  const fitted: Trace[] = [];
  for (const [down, right] of [
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const other = trace(network, ...sizeOf(down, right));
    if (!sameOperations(base, other)) return undefined;
    fitted.push(other);
  }
  const checks = (
    [
      [2, 3],
      [5, 7],
    ] as const
  ).map(([down, right]) => ({ size: sizeOf(down, right), trace: trace(network, ...sizeOf(down, right)) }));
  if (checks.some(({ trace: other }) => !sameOperations(base, other))) return undefined;

  const sized = new Map<string, SizeExpression[]>();
  for (const [i, node] of base.nodes.entries()) {
    const values = valuesOf(node);
    if (!values) continue;
    const others = [...fitted, ...checks.map(({ trace: other }) => other)].map(({ nodes }) => valuesOf(nodes[i]));
    if (others.some((other) => other?.length !== values.length)) return undefined;
    if (others.every((other) => other?.every((value, k) => value === values[k]))) continue;
    const [tall, wide, both] = others as [Values, Values, Values];
    const expressions = Array.from(values, (value, k) =>
      fit([value, tall[k] ?? 0, wide[k] ?? 0, both[k] ?? 0], step, height, width),
    );
    const holds = checks.every(({ size, trace: other }) => {
      const found = valuesOf(other.nodes[i]);
      return expressions.every((expression, k) => Math.abs(evaluate(expression, ...size) - (found?.[k] ?? 0)) <= 1e-3);
    });
    if (!holds) return undefined;
    sized.set(node.name, expressions);
  }
  return { ...base, sized, multipleOf: step };
}

/** Whether two recordings differ only in the values of constants. */
function sameOperations(a: Trace, b: Trace): boolean {
  return (
    a.nodes.length === b.nodes.length &&
    a.nodes.every((node, i) => {
      const other = b.nodes[i] as GraphNode;
      if (node.op !== other.op || node.inputs.join() !== other.inputs.join()) return false;
      return node.op === 'Const' || node.op === 'Placeholder' || sameAttributes(node, other);
    })
  );
}

const sameAttributes = (a: GraphNode, b: GraphNode): boolean => JSON.stringify(a.attrs) === JSON.stringify(b.attrs);

const evaluate = ({ constant, height, width, area }: SizeExpression, h: number, w: number): number =>
  constant + height * h + width * w + area * h * w;

/** The coefficients from the values at (h,w), (h+s,w), (h,w+s) and (h+s,w+s). */
function fit([v, tall, wide, both]: [number, number, number, number], s: number, h: number, w: number): SizeExpression {
  const area = (both - tall - wide + v) / (s * s);
  const height = (tall - v) / s - area * w;
  const width = (wide - v) / s - area * h;
  return { constant: v - height * h - width * w - area * h * w, height, width, area };
}

function trace({ forward, channels, parameters }: Recordable, height: number, width: number): Trace {
  const tracer = new Tracer({ layers: true });
  const found = { output: '', scale: 1 };
  // tidy searches whatever it returns for tensors, so it returns nothing.
  tf.tidy(() => {
    for (const { name, value } of parameters) tracer.bindParameter(value, name);
    const x = tf.fill<tf.Rank.R4>([1, height, width, channels], 0.5);
    tracer.bindPlaceholder(x, 'x');
    const y = tracer.record(() => forward(x));
    found.output = tracer.nameOf(y);
    found.scale = y.shape[1] / height;
  });
  return { nodes: tracer.nodes, parameters: new Map(parameters.map(({ name, value }) => [name, value])), ...found };
}

type Values = Float32Array | Int32Array;

/** The values of a constant; undefined for other nodes. */
export function valuesOf(node: GraphNode | undefined): Values | undefined {
  const value = node?.attrs['value'];
  if (!value || !('tensor' in value)) return undefined;
  const { dtype, bytes } = value.tensor;
  const raw = bytes.slice().buffer;
  if (dtype === DT.int32) return new Int32Array(raw);
  return dtype === DT.float32 ? new Float32Array(raw) : undefined;
}
