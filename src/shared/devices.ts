import { z } from 'zod';

/**
 * The device for restoring, as users choose it. `auto`: the fastest one, as measured here. `cpu`: the faster of
 * TensorFlow and ONNX Runtime on the processor. `tensorflow`: the engine of trainings on the device that they use, with
 * exactly the results of their validation.
 */
export const deviceChoice = z.enum(['auto', 'cpu', 'tensorflow', 'webgpu', 'dml', 'coreml', 'cuda']);
export type DeviceChoice = z.output<typeof deviceChoice>;

/** ONNX Runtime's execution providers that are used. */
export const onnxProvider = z.enum(['cpu', 'webgpu', 'dml', 'coreml', 'cuda']);
export type OnnxProvider = z.output<typeof onnxProvider>;

/** A library and the device it computes on. `tensorflow-cuda` is TensorFlow built for NVIDIA GPUs. */
export const backendId = z.enum([
  'tensorflow',
  'tensorflow-cuda',
  'onnx:cpu',
  'onnx:webgpu',
  'onnx:dml',
  'onnx:coreml',
  'onnx:cuda',
]);
export type BackendId = z.output<typeof backendId>;

/** Names for sentences and tables. */
export const backendTitles: Readonly<Record<BackendId, string>> = {
  tensorflow: 'TensorFlow on the processor',
  'tensorflow-cuda': 'TensorFlow on the GPU (CUDA)',
  'onnx:cpu': 'ONNX Runtime on the processor',
  'onnx:webgpu': 'GPU (WebGPU)',
  'onnx:dml': 'GPU (DirectML)',
  'onnx:coreml': 'GPU (CoreML)',
  'onnx:cuda': 'GPU (CUDA)',
};

/** Whether a backend computes on the processor. */
export const isOnProcessor = (backend: BackendId): boolean => backend === 'tensorflow' || backend === 'onnx:cpu';

/** The ONNX Runtime provider of a backend; undefined for TensorFlow. */
export const providerOf = (backend: BackendId): OnnxProvider | undefined =>
  onnxProvider.safeParse(/^onnx:(.*)$/.exec(backend)?.[1]).data;

/** Why a backend is not used for a model. */
export const distrust = z.enum(['absent', 'failed', 'slow', 'not-a-number', 'black', 'constant', 'different', 'size']);
export type Distrust = z.output<typeof distrust>;

/** A finding about a model on a backend, for tiles of one size, on this computer with its current drivers. */
export const verdict = z.object({
  /** SHA-256 of the model's file, and its name for display. */
  model: z.string(),
  title: z.string(),
  backend: backendId,
  /** Adapters with their drivers, as far as they are known. */
  graphics: z.string(),
  version: z.string(),
  width: z.int(),
  height: z.int(),
  /** Undefined if the backend gave the same picture as the processor. */
  distrust: distrust.optional(),
  /** Details: the largest difference, or the message of an error. */
  detail: z.string().optional(),
  secondsPerMegapixel: z.number().optional(),
  when: z.number(),
});
export type Verdict = z.output<typeof verdict>;
