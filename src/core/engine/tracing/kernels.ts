import * as tf from '@tensorflow/tfjs-core';
import { type OperationAttribute, type TensorFlowBackend, tensorFlowBackend } from '../backend.ts';
import { registerConvolutionGradients } from './convolutionGradients.ts';

/**
 * Operations and gradients that TensorFlow has as one kernel and tfjs spells out in several. They are faster, and
 * TensorFlow fuses convolution, bias and activation where it meets them. Registered once, by `openEngine`.
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

  // TensorFlow fuses a bias with a product of matrices, not with one of batches, which tfjs always takes.
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

  // tfjs has no gradient for it.
  tf.registerGradient({
    kernelName: 'MirrorPad',
    gradFunc: (dy, _, attributes) => ({ x: () => run('MirrorPadGrad', { dy: dy as tf.Tensor }, attributes) }),
  });
  // tfjs multiplies by a step function of the input; TensorFlow's kernel takes the output, which lets the activation be
  // fused with what comes before it.
  tf.unregisterGradient('Relu');
  tf.registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => run('ReluGrad', { dy: dy as tf.Tensor, y: y as tf.Tensor }) }),
  });
  // Likewise; the output has the input's sign. Where something else reads the input too, TensorFlow's optimiser fuses all the
  // same, fails, and leaves the whole graph without fused convolutions.
  tf.unregisterGradient('LeakyRelu');
  tf.registerGradient({
    kernelName: 'LeakyRelu',
    outputsToSave: [true],
    gradFunc: (dy, [y], attributes) => ({
      x: () => run('LeakyReluGrad', { dy: dy as tf.Tensor, y: y as tf.Tensor }, attributes),
    }),
  });
  // tfjs takes -1 for the slope of |x| at 0, PyTorch 0; it shows where output and negative are equal.
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
 * Marks where a result must be float32 although what made it computed in 16 bits (see precision.ts): before losses, and at
 * the end of a network. Changes nothing else.
 */
export function wide<T extends tf.Tensor>(x: T): T {
  return run('Wide', { x }) as T;
}

/** Adds the gradient of the border to the pixels that it was copied from. */
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
