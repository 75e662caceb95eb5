import type { InferenceSession } from 'onnxruntime-node';
import type { OnnxProvider } from '../../../shared/devices.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { isOutOfMemory } from '../../engine/memory.ts';
import { mostGraphs } from '../../engine/forward.ts';
import { chosenThreads } from '../../engine/settings.ts';
import { fixedSize, tooLarge } from '../../formats/graphModels.ts';
import type { FloatPicture } from '../../pictures/picture.ts';
import type { LoadedModel, Restorer } from '../restorer.ts';
import { type OnnxGraphs, openOnnxGraphs } from './onnxGraphs.ts';
import { cropped, fromPlanes, reflected, toPlanes } from './planes.ts';

/** Number of tensors of the largest layer that ONNX Runtime is assumed to hold at the same time. */
const LIVE_TENSORS = 8;
/** If the layers of a file are not known: 16 tensors of 64 channels. */
const BYTES_PER_PIXEL = 16 * 64 * 4;
/** Side of the tile that shows the scale of a file. */
const PROBE = 64;

/**
 * Opens a model in ONNX Runtime, without TensorFlow.
 * @throws AppError `engine` if the provider is not available, `unsupported` and `bad-input` for the model
 */
export async function openOnnxRestorer(model: LoadedModel, provider: OnnxProvider): Promise<Restorer> {
  const graphs = await openOnnxGraphs(model);
  const sessions = new Sessions(graphs, provider);
  const dispose = (): void => void sessions.dispose();
  const common = { title: model.title, multipleOf: graphs.multipleOf, dispose };
  const run = (tile: FloatPicture): Promise<FloatPicture> => sessions.run(tile);
  if (graphs.recorded) {
    const { scale, largestLayer } = graphs.recorded;
    return { ...common, scale, bytesPerPixel: LIVE_TENSORS * largestLayer, run };
  }
  const fixed = await sessions.fixedSize();
  const { width, height } = fixed ?? { width: PROBE, height: PROBE };
  const probe = { width, height, channels: 3 as const, data: new Float32Array(width * height * 3).fill(0.5) };
  const scale = (await sessions.run(probe)).width / width;
  if (!Number.isInteger(scale))
    throw new AppError(
      'unsupported',
      'This model does not enlarge pictures a whole number of times. Choose another model.',
    );
  return {
    ...common,
    scale,
    bytesPerPixel: BYTES_PER_PIXEL,
    ...(fixed && { largestTile: Math.min(fixed.width, fixed.height) }),
    run,
  };
}

interface Size {
  height: number;
  width: number;
}

/** The sessions of a model, one per tile size: providers optimise a graph for sizes that they know. */
class Sessions {
  readonly #graphs: OnnxGraphs;
  readonly #provider: OnnxProvider;
  /** Ordered by last use. */
  readonly #open = new Map<string, InferenceSession>();

  constructor(graphs: OnnxGraphs, provider: OnnxProvider) {
    this.#graphs = graphs;
    this.#provider = provider;
  }

  /** The only size of the input, if the file has one. */
  async fixedSize(): Promise<Size | undefined> {
    const session = await this.#session({ height: PROBE, width: PROBE });
    return fixedSize(session.inputMetadata[0]).fixed;
  }

  async run(tile: FloatPicture): Promise<FloatPicture> {
    const { range } = this.#graphs;
    try {
      const { session, padded } = await this.#sessionFor(tile);
      const [input = '', output = ''] = [session.inputNames[0], session.outputNames[0]];
      const { Tensor } = await import('onnxruntime-node');
      const x = toPlanes(reflected(tile, padded.width, padded.height), range);
      const { [output]: y } = await session.run({
        [input]: new Tensor('float32', x, [1, 3, padded.height, padded.width]),
      });
      if (!(y?.data instanceof Float32Array) || y.dims.length !== 4 || y.dims[1] !== 3)
        throw new AppError('unsupported', 'This model does not give a colour picture. Choose another model.');
      const [, , height = 0, width = 0] = y.dims;
      const scale = height / padded.height;
      return cropped(fromPlanes(y.data, width, height, range), tile.width * scale, tile.height * scale);
    } catch (error) {
      throw explained(error, tile);
    }
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#open.values()];
    this.#open.clear();
    for (const session of sessions) await session.release();
  }

  async #sessionFor({ width, height }: Size): Promise<{ session: InferenceSession; padded: Size }> {
    const { multipleOf } = this.#graphs;
    const upTo = (side: number): number => Math.ceil(side / multipleOf) * multipleOf;
    const wanted = { height: upTo(height), width: upTo(width) };
    const session = await this.#session(wanted);
    const { fixed } = fixedSize(session.inputMetadata[0]);
    if (fixed && (fixed.width < width || fixed.height < height)) throw tooLarge(fixed);
    return { session, padded: fixed ?? wanted };
  }

  async #session({ height, width }: Size): Promise<InferenceSession> {
    const key = `${height}x${width}`;
    const session = this.#open.get(key) ?? (await this.#create({ height, width }));
    this.#open.delete(key);
    this.#open.set(key, session);
    const [oldest] = this.#open;
    if (this.#open.size > mostGraphs && oldest) {
      this.#open.delete(oldest[0]);
      await oldest[1].release();
    }
    return session;
  }

  async #create({ height, width }: Size): Promise<InferenceSession> {
    const bytes = this.#graphs.fileFor(height, width);
    const { InferenceSession } = await import('onnxruntime-node');
    const threads = chosenThreads();
    const options = { logSeverityLevel: 4, ...(threads !== undefined && { intraOpNumThreads: threads }) } as const;
    // The names of sizes in files of this program. With them a provider knows every size when it loads the graph.
    const sized = { freeDimensionOverrides: { height, width } };
    const session = await InferenceSession.create(bytes, {
      ...options,
      ...sized,
      executionProviders: [this.#provider],
    });
    if (session.inputNames.length === 1 && session.outputNames.length > 0) return session;
    const count = session.inputNames.length;
    await session.release();
    throw new AppError(
      'unsupported',
      `This ONNX file needs ${count} inputs, but only models with one input are supported. Choose another model.`,
    );
  }
}

function explained(error: unknown, { width, height }: FloatPicture): unknown {
  if (error instanceof AppError) return error;
  if (isOutOfMemory(error))
    return new AppError(
      'out-of-memory',
      `There is not enough memory for a tile of ${width}x${height} pixels; choose smaller tiles.`,
      { cause: error },
    );
  return new AppError('engine', `ONNX Runtime stopped: ${messageOf(error).trim().slice(0, 300)}`, { cause: error });
}
