import * as tf from '@tensorflow/tfjs-core';
import { type OperationAttribute, type TensorFlowBackend, tensorFlowBackend } from '../backend.ts';
import { registerConvolutionGradients } from './convolutionGradients.ts';

/**
 * Registers operations and gradients that are one kernel in TensorFlow and several in tfjs. They are faster, and with
 * them TensorFlow can fuse convolution, bias and activation. Called once, by `openEngine`.
 */
export function registerKernels(): void {
  registerConvolutionGradients(tensorFlowBackend());
  kernel('ReluGrad', ({ dy, y }, backend) => execute(backend, 'ReluGrad', [dy, y]));
  kernel('LeakyReluGrad', ({ dy, y }, backend, { alpha }) =>
    execute(backend, 'LeakyReluGrad', [dy, y], [{ name: 'alpha', type: backend.binding.TF_ATTR_FLOAT, value: alpha }]),
  );
  kernel('Wide', ({ x }, backend) => execute(backend, 'Identity', [x]));
  kernel('BiasAdd', ({ x, bias }, backend) => execute(backend, 'BiasAdd', [x, bias], [format(backend)]));
  kernel('BiasAddGrad', ({ dy }, backend) => execute(backend, 'BiasAddGrad', [dy], [format(backend)]));

  // TensorFlow fuses a bias with MatMul, not with BatchMatMul, which tfjs always uses.
  const batched = tf.getKernel('BatchMatMul', 'tensorflow').kernelFunc;
  tf.unregisterKernel('BatchMatMul', 'tensorflow');
  kernel('BatchMatMul', ({ a, b }, backend, attrs) => {
    const isPlain = [a, b].every((matrix) => matrix?.rank === 2 && matrix.dtype === 'float32');
    if (!isPlain) return batched({ inputs: { a, b }, attrs, backend }) as tf.Tensor;
    const type = backend.binding.TF_ATTR_BOOL;
    return execute(
      backend,
      'MatMul',
      [a, b],
      [
        { name: 'transpose_a', type, value: attrs['transposeA'] },
        { name: 'transpose_b', type, value: attrs['transposeB'] },
      ],
    );
  });

  kernel('MirrorPadGrad', ({ dy }, backend, { paddings, mode }) =>
    mirrorPadGrad(dy as tf.Tensor, paddings as number[][], mode as string, backend),
  );

  // tfjs has no gradient for MirrorPad.
  tf.registerGradient({
    kernelName: 'MirrorPad',
    gradFunc: (dy, _, attributes) => ({ x: () => run('MirrorPadGrad', { dy: dy as tf.Tensor }, attributes) }),
  });
  // tfjs multiplies by a step function of the input. TensorFlow's kernel uses the output, so the activation can be
  // fused with the convolution before it.
  tf.unregisterGradient('Relu');
  tf.registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => run('ReluGrad', { dy: dy as tf.Tensor, y: y as tf.Tensor }) }),
  });
  // As above: the output has the sign of the input. If another operation read the input, TensorFlow's optimiser would
  // still try to fuse, fail, and leave the whole graph without fused convolutions.
  tf.unregisterGradient('LeakyRelu');
  tf.registerGradient({
    kernelName: 'LeakyRelu',
    outputsToSave: [true],
    gradFunc: (dy, [y], attributes) => ({
      x: () => run('LeakyReluGrad', { dy: dy as tf.Tensor, y: y as tf.Tensor }, attributes),
    }),
  });
  // At 0 the slope of |x| is -1 in tfjs and 0 in PyTorch. It matters where the output equals a negative.
  tf.unregisterGradient('Abs');
  tf.registerGradient({
    kernelName: 'Abs',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(dy as tf.Tensor, tf.sign(x as tf.Tensor)) }),
  });
  tf.registerGradient({ kernelName: 'Wide', gradFunc: (dy) => ({ x: () => wide(dy as tf.Tensor) }) });
  tf.registerGradient({
    kernelName: 'BiasAdd',
    gradFunc: (dy) => ({ x: () => tf.clone(dy as tf.Tensor), bias: () => run('BiasAddGrad', { dy: dy as tf.Tensor }) }),
  });
}

/** Adds a bias [C] to the last axis of [..., C]. */
export function biasAdd<T extends tf.Tensor>(x: T, bias: tf.Tensor): T {
  return run('BiasAdd', { x, bias }) as T;
}

/**
 * Marks a result that must be float32 even if it was computed in 16 bits (passes/precision.ts): before losses, and at
 * the end of a network. It changes nothing else.
 */
export function wide<T extends tf.Tensor>(x: T): T {
  return run('Wide', { x }) as T;
}

/** Adds the gradient of the border to the pixels that the border was copied from. */
function mirrorPadGrad(dy: tf.Tensor, paddings: number[][], mode: string, backend: TensorFlowBackend): tf.Tensor {
  const { TF_ATTR_TYPE, TF_INT32, TF_ATTR_STRING } = backend.binding;
  const pixels = tf.tensor2d(paddings, [paddings.length, 2], 'int32');
  const attributes = [
    { name: 'Tpaddings', type: TF_ATTR_TYPE, value: TF_INT32 },
    { name: 'mode', type: TF_ATTR_STRING, value: mode.toUpperCase() },
  ];
  const dx = execute(backend, 'MirrorPadGrad', [dy, pixels], attributes);
  pixels.dispose();
  return dx;
}

function run(name: string, inputs: Record<string, tf.Tensor>, attributes: Attributes = {}): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes);
}

type Inputs = Record<string, tf.Tensor>;
type Attributes = tf.NamedAttrMap;

function kernel(
  name: string,
  compute: (inputs: Inputs, backend: TensorFlowBackend, attributes: Attributes) => tf.Tensor,
): void {
  tf.registerKernel({
    kernelName: name,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, backend, attrs }) =>
      compute(inputs as unknown as Inputs, backend as unknown as TensorFlowBackend, attrs ?? {}),
  });
}

function execute(
  backend: TensorFlowBackend,
  op: string,
  inputs: (tf.Tensor | undefined)[],
  attributes: OperationAttribute[] = [],
): tf.Tensor {
  const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  return backend.executeSingleOutput(
    op,
    [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }, ...attributes],
    inputs as tf.Tensor[],
  );
}

function format({ binding }: TensorFlowBackend): OperationAttribute {
  return { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' };
}
