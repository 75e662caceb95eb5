import type { GraphNode } from '../../graph/nodes.ts';
import { FLOAT, floatConstant, operation, shapeFrom, stack } from '../../graph/build.ts';
import { type GraphIndex, integers, isAlongLastAxis, shapeOf } from '../../graph/index.ts';
import { productsInPlace, type Step } from './productChain.ts';

/** By which factor one axis is enlarged, and its new length; known when the graph runs. */
interface Stretch {
  factor: string;
  length: string;
}

interface Resizing {
  x: string;
  rows: Stretch;
  columns: Stretch;
}

/**
 * Replaces an exported `jax.image.resize` by TensorFlow's operation with the same formula. It is exported as two
 * products with dense matrices that are made when the graph runs and are nearly all zero. If a 1x1 convolution with
 * fewer output channels follows, it is done first: both are linear, and the weights of a resized pixel add up to 1, so
 * this holds for the bias as well.
 */
export function fuseResize(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  const resizing = resizingOf(graph, node);
  return resizing ? resize(node.name, resizing) : fuseConvolvedResize(graph, node);
}

function fuseConvolvedResize(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  const biased = graph.withConstant(node, 'AddV2');
  const convolution = graph.is(biased?.other, 'Conv2D');
  const [input, filter = ''] = convolution?.inputs ?? [];
  const [height, width, from = 0, to = from] = shapeOf(graph.is(filter, 'Const'));
  const resized = graph.at(input);
  const resizing = resized && resizingOf(graph, resized);
  if (
    !biased ||
    !convolution ||
    !resizing ||
    height !== 1 ||
    width !== 1 ||
    to >= from ||
    !isAlongLastAxis(biased.constant) ||
    !isStrideOne(convolution)
  )
    return undefined;
  const part = (name: string): string => `${node.name}/fused/${name}`;
  return [
    { ...convolution, name: part('convolution'), inputs: [resizing.x, filter] },
    { ...node, name: part('biased'), inputs: [part('convolution'), biased.constant.name] },
    ...resize(node.name, { ...resizing, x: part('biased') }),
  ];
}

function isStrideOne({ attrs: { strides, data_format: format } }: GraphNode): boolean {
  const isNhwc = format !== undefined && 'string' in format && format.string === 'NHWC';
  return isNhwc && strides !== undefined && 'ints' in strides && strides.ints.every((stride) => stride === 1);
}

function resizingOf(graph: GraphIndex, node: GraphNode): Resizing | undefined {
  const { x, steps = [], rank } = productsInPlace(graph, node) ?? {};
  const [rows, columns] = [1, 2].map((axis) =>
    stretchOf(
      graph,
      steps.find((step) => step.axis === axis),
    ),
  );
  return x !== undefined && rank === 4 && steps.length === 2 && rows && columns ? { x, rows, columns } : undefined;
}

function resize(name: string, { x, rows, columns }: Resizing): GraphNode[] {
  const part = (suffix: string): string => `${name}/fused/${suffix}`;
  return [
    shapeFrom(part('size'), [rows.length, columns.length]),
    stack(part('factors'), [rows.factor, columns.factor], 0),
    floatConstant(part('shift'), [2], Float32Array.of(0, 0)),
    operation(name, 'ScaleAndTranslate', [x, part('size'), part('factors'), part('shift')], {
      T: FLOAT,
      kernel_type: { string: 'triangle' },
      antialias: { bool: true },
    }),
  ];
}

/**
 * Recognises the matrix [old,new] of linear `jax.image.resize`: `max(0, 1 − |new − old| / max(1/factor, 1))`, each
 * column divided by its sum, where `new = (i + ½) / factor − ½`. The conditions around it only set elements to zero
 * where the filter would leave the picture.
 */
function stretchOf(graph: GraphIndex, step: Step | undefined): Stretch | undefined {
  if (!step?.fromFirst || step.added.length > 0) return undefined;
  const inputs = (input: string | undefined, op: string): readonly (string | undefined)[] =>
    graph.is(input, op)?.inputs ?? [];
  const [, inside] = inputs(step.matrix, 'SelectV2');
  const [, normalised] = inputs(inside, 'SelectV2');
  const [weight, divisor] = inputs(normalised, 'RealDiv');
  const [one, distance] = inputs(graph.with(weight, 'Maximum', 0), 'Sub');
  const [apart, reach] = inputs(inputs(distance, 'Abs')[0], 'RealDiv');
  const [created, old] = inputs(inputs(apart, 'Abs')[0], 'Sub').map((input) => withoutSpread(graph, input));
  const [scaled, half] = inputs(created, 'Sub');
  const [centre, between] = inputs(scaled, 'Mul');
  const [factor] = inputs(between, 'Reciprocal');
  const length = countedTo(graph, graph.with(centre, 'AddV2', 0.5));
  const [summed, axis] = inputs(withoutSpread(graph, inputs(divisor, 'SelectV2')[1]), 'Sum');
  const isSo =
    summed === weight &&
    integers(graph.is(axis, 'Const')).join() === '0' &&
    graph.number(one) === 1 &&
    graph.number(half) === 0.5 &&
    graph.with(reach, 'Maximum', 1) === between &&
    countedTo(graph, old) !== undefined;
  return isSo && factor !== undefined && length !== undefined ? { factor, length } : undefined;
}

/** n, if the input is the list 0, 1, …, n − 1. */
function countedTo(graph: GraphIndex, input: string | undefined): string | undefined {
  const [start, limit, delta] = graph.is(withoutSpread(graph, input), 'Range')?.inputs ?? [];
  return integers(graph.is(start, 'Const'))[0] === 0 && integers(graph.is(delta, 'Const'))[0] === 1 ? limit : undefined;
}

/** Skips nodes that only change shape or type and keep the values. */
function withoutSpread(graph: GraphIndex, input: string | undefined): string | undefined {
  const node = graph.at(input);
  return node && ['BroadcastTo', 'Reshape', 'Cast'].includes(node.op) ? withoutSpread(graph, node.inputs[0]) : input;
}
