import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { tensorFlowBackend } from '../engine/backend.ts';
import { type Attribute, constantAttributes, DT, type GraphNode } from '../engine/graph/nodes.ts';
import { compileGraph } from '../engine/compileGraph.ts';
import type { GraphSession } from '../engine/graphSession.ts';
import type { LowerOptions } from '../engine/passes/index.ts';

/**
 * A TensorFlow.js graph model is TensorFlow's own GraphDef, as JSON and with its weights apart. TensorFlow itself can run it
 * as it is, for pictures of any size, which saves recording a graph for each size: a minute for a MAXIM at 640x512.
 */

const attribute = z.union([
  z.strictObject({ type: z.string() }).transform(({ type }) => ({ type: dataType(type) })),
  z.strictObject({ i: z.coerce.number() }).transform(({ i }) => ({ int: i })),
  z.strictObject({ f: z.coerce.number() }).transform(({ f }) => ({ float: f })),
  z.strictObject({ b: z.boolean() }).transform(({ b }) => ({ bool: b })),
  z.strictObject({ s: z.string() }).transform(({ s }) => ({ string: text(s) })),
  z
    .strictObject({ shape: z.strictObject({ dim: z.array(z.looseObject({ size: z.coerce.number() })) }) })
    .transform(({ shape }) => ({ shape: shape.dim.map(({ size }) => size) })),
  z
    .strictObject({ list: z.strictObject({ s: z.array(z.string()) }) })
    .transform(({ list }) => ({ strings: list.s.map(text) })),
  z
    .strictObject({ list: z.strictObject({ type: z.array(z.string()) }) })
    .transform(({ list }) => ({ types: list.type.map(dataType) })),
  z
    .strictObject({ list: z.strictObject({ i: z.array(z.coerce.number()).default([]) }) })
    .transform(({ list }) => ({ ints: list.i })),
]) satisfies z.ZodType<Attribute>;

const graphModel = z.looseObject({
  modelTopology: z.looseObject({
    node: z.array(
      z.looseObject({
        name: z.string(),
        op: z.string(),
        input: z.array(z.string()).default([]),
        attr: z.record(z.string(), z.unknown()).default({}),
      }),
    ),
    library: z.strictObject({}).default({}),
  }),
  signature: z.looseObject({ inputs: named(), outputs: named() }),
});

/** Name of the one tensor that goes in or comes out. */
function named() {
  return z.record(z.string(), z.looseObject({ name: z.string() })).transform((tensors, context) => {
    const [first, second] = Object.values(tensors);
    if (first && !second) return first.name;
    context.addIssue('one picture in, one out');
    return z.NEVER;
  });
}

function dataType(name: string): number {
  const type = { DT_FLOAT: DT.float32, DT_INT32: DT.int32, DT_BOOL: DT.bool, DT_INT64: DT.int64 }[name];
  if (type === undefined) throw new Error(`the type ${name}`);
  return type;
}

const text = (base64: string): string => Buffer.from(base64, 'base64').toString();

/**
 * What a picture's way through a network is made of. No others are run: TensorFlow has operations that read and write
 * files, and a model may come from anywhere.
 */
const OPERATIONS = new Set(
  `Abs Add AddN AddV2 AvgPool BatchMatMul BatchMatMulV2 BiasAdd BroadcastTo Cast ConcatV2 Const Conv2D Conv2DBackpropInput DepthToSpace
  DepthwiseConv2dNative Einsum Elu Equal Exp ExpandDims Fill Floor FloorDiv FloorMod FusedBatchNormV3 GatherV2 Greater GreaterEqual Identity LeakyRelu
  Less LessEqual Log LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool Maximum Mean Min Minimum MirrorPad Mul Neg NotEqual Pack Pad PadV2 Placeholder
  Pow Prod Range RealDiv Reciprocal Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor Rsqrt SelectV2 Shape Sigmoid Sign Slice Softmax Softplus
  SpaceToDepth Split SplitV Sqrt Square SquaredDifference Squeeze StridedSlice Sub Sum Tanh Tile Transpose Unpack ZerosLike _FusedConv2D _FusedMatMul`.split(
    /\s+/,
  ),
);

/** A graph that TensorFlow runs; its session is made when it is first run. */
export interface TfjsGraph {
  /** [1,H,W,3] → [1,H',W',3]; the caller disposes the result. @throws Error where TensorFlow refuses the graph. */
  run(x: tf.Tensor4D): tf.Tensor4D;
  /** Gives back what it holds; it cannot be run any more. */
  dispose(): void;
}

/**
 * The contents of a graph model's `model.json`, with its weights under their names as tfjs' own GraphModel has them, as
 * graphs that do the same, the fastest first: with patterns fused (core/engine/passes/fuse), which not every build of
 * TensorFlow can run, and as it is. On a GPU only as it is, because the fused operations are oneDNN's, for the CPU.
 * @throws Error where the graph holds what is not known here; tfjs may still run it, operation by operation.
 */
export function openTfjsGraph(
  manifest: unknown,
  weights: Readonly<Record<string, readonly tf.Tensor[]>>,
): readonly TfjsGraph[] {
  const { modelTopology, signature } = graphModel.parse(manifest);
  const nodes = modelTopology.node.map(({ name, op, input, attr }): GraphNode => {
    if (!OPERATIONS.has(op)) throw new Error(`the operation ${op}`);
    const node = { name, op, inputs: input, outputs: [] };
    if (op === 'Const') return { ...node, attrs: constant(weights[name]?.[0]) };
    // Files of older converters do not say this type.
    return {
      ...node,
      attrs: {
        ...(op === '_FusedConv2D' && { TArgs: { types: input.slice(2).map(() => DT.float32) } }),
        ...mapAttributes(attr),
      },
    };
  });
  const ways = tensorFlowBackend().isUsingGpuDevice ? [{}] : [{ fuseFor: signature.outputs }, {}];
  return ways.map((options) => inSession(nodes, options, signature));
}

function inSession(
  nodes: readonly GraphNode[],
  options: LowerOptions,
  { inputs, outputs }: z.output<typeof graphModel>['signature'],
): TfjsGraph {
  let [waiting, session]: [readonly GraphNode[] | undefined, GraphSession | undefined] = [nodes, undefined];
  return {
    run(x) {
      session ??= compileGraph(waiting ?? [], options);
      waiting = undefined; // the session has its own copy of the weights
      return session.run({ [inputs]: x }, [outputs])[0] as tf.Tensor4D;
    },
    dispose() {
      session?.dispose();
      [waiting, session] = [undefined, undefined];
    },
  };
}

function mapAttributes(attributes: Readonly<Record<string, unknown>>): GraphNode['attrs'] {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attribute.parse(value)]));
}

function constant(tensor: tf.Tensor | undefined): GraphNode['attrs'] {
  if (tensor?.dtype !== 'float32' && tensor?.dtype !== 'int32') throw new Error('a constant without its value');
  const { buffer, byteOffset, byteLength } = tensor.dataSync<'float32' | 'int32'>();
  return constantAttributes(DT[tensor.dtype], tensor.shape, new Uint8Array(buffer, byteOffset, byteLength));
}
