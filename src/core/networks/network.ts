import type { z } from 'zod';
import type { Layer } from './layer.ts';
import type { Parameters } from './parameters.ts';

/** What a network is for; forms and model lists group by it. */
export type Task =
  'dehazing' | 'deraining' | 'denoising' | 'deblurring' | 'super-resolution' | 'jpeg-artifacts' | 'general';

/** Names and shapes (PyTorch's) of a file's tensors: the only input of detection. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * An architecture. Each has its own file, and `index.ts` lists them. `build` declares the parameters in the order of
 * the original and returns the forward pass. The forward pass maps RGB in [0,1], NHWC, to the same; it pads if
 * necessary and crops the result. It does not depend on whether it is run eagerly, traced, or trained.
 */
export interface NetworkDefinition<Options = Record<string, unknown>> {
  /** The key in configurations and files. */
  readonly id: string;
  readonly title: string;
  /** One sentence for people. */
  readonly description: string;
  readonly tasks: readonly Task[];
  readonly paper: string;
  /** Options under the names of the authors' class; every field has a description and a default. */
  readonly options: z.ZodType<Options>;
  /** The configurations that the authors published, under their usual names. */
  readonly published: Readonly<Record<string, Options>>;
  /** Mean and deviation of each colour with which the authors normalise the input of their published models, outside of the network. */
  readonly inputNorm?: { mean: [number, number, number]; std: [number, number, number] };
  /** Output size over input size. */
  scale(options: Options): number;
  /** True if the whole picture influences every pixel (global pooling), so that tiles change the result slightly. */
  readonly seesWholePicture: boolean;
  /**
   * True if the computation itself, not only its shapes, depends on the size, so that one exported graph cannot serve
   * all sizes.
   */
  readonly changesWithSize?: (options: Options) => boolean;
  /** Supported input sizes, as a sentence; every network here takes any size unless it says otherwise. */
  readonly inputSizes: string;
  /** Derives the options from names and shapes alone; undefined if the file is not of this architecture. */
  detect(shapes: Shapes): Options | undefined;
  build(p: Parameters, options: Options): Layer;
}
