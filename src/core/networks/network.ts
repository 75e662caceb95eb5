import type { z } from 'zod';
import type { Layer } from './layer.ts';
import type { Parameters } from './parameters.ts';

/** What a network is good for; forms and model lists group by it. */
export type Task =
  'dehazing' | 'deraining' | 'denoising' | 'deblurring' | 'super-resolution' | 'jpeg-artifacts' | 'general';

/** Names and shapes (PyTorch's) of a file's tensors: all that detection may look at. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * An architecture. One file each; `index.ts` lists them. `build` declares the parameters in the order of the original
 * and returns the forward pass. The forward pass takes and gives RGB in [0,1], NHWC, pads what it must and crops it again,
 * and does not know whether it runs eagerly, is being traced, or is being trained.
 */
export interface NetworkDefinition<Options = Record<string, unknown>> {
  /** The key in configurations and files. */
  readonly id: string;
  readonly title: string;
  /** One sentence for people. */
  readonly description: string;
  readonly tasks: readonly Task[];
  readonly paper: string;
  /** Options under the names of the authors' class; every field described and with a default. */
  readonly options: z.ZodType<Options>;
  /** The configurations that the authors published, under the name people know them by. */
  readonly published: Readonly<Record<string, Options>>;
  /** Mean and deviation of each colour with which the authors normalise the input of their published models, outside of the network. */
  readonly inputNorm?: { mean: [number, number, number]; std: [number, number, number] };
  /** Output size over input size. */
  scale(options: Options): number;
  /** True where the whole picture influences every pixel (global pooling), so that tiles change the result slightly. */
  readonly seesWholePicture: boolean;
  /** True where what it computes, and not only its shapes, changes with the size: one exported graph cannot serve any size. */
  readonly changesWithSize?: (options: Options) => boolean;
  /** Which input sizes it takes, in a sentence; every network here takes any size unless it says otherwise. */
  readonly inputSizes: string;
  /** Finds the options from names and shapes alone; undefined where the file is not of this architecture. */
  detect(shapes: Shapes): Options | undefined;
  build(p: Parameters, options: Options): Layer;
}
