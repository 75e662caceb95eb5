import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createModel } from '../../src/core/networks/index.ts';
import { exportOnnx } from '../../src/core/formats/onnx/exportOnnx.ts';
import { countOnnxNodes, readOnnxMetadata } from '../../src/core/formats/onnx/metadata.ts';
import type { Weights } from '../../src/core/formats/weights.ts';
import { compare, none } from './errors.ts';
import { type CaseResult, networkId, networkOptions, readMeta, readWeights, tensorOf } from './fixture.ts';

const BAR = 1e-4;

interface Meta {
  name: string;
  config: Record<string, unknown>;
  cases: unknown[];
}

/**
 * Compares the outputs of a network's ONNX file, run by ONNX Runtime, with PyTorch's, one line for each case. The graph for
 * any size is used where it takes the size of the case; otherwise the network is exported for that size.
 * @param provider of ONNX Runtime: `cpu`, `webgpu`, ...
 */
export async function* onnxCases(folder: string, provider: string): AsyncGenerator<CaseResult> {
  const meta = readMeta<Meta>(folder);
  const io = readWeights(folder, 'io.safetensors');
  const model = createModel(networkId(meta.name), networkOptions(meta.name, meta.config));
  model.parameters.load(readWeights(folder, 'weights.safetensors'));
  const channels = tensorOf(io, 'input.0').shape[1] ?? 3;
  const anySize = await Graph.open(exportOnnx(model, { channels }), provider);
  for (let i = 0; i < meta.cases.length; i++) {
    const { shape } = tensorOf(io, `input.${i}`);
    const [, , height, width] = shape as [number, number, number, number];
    const graph = anySize.takes(height, width)
      ? anySize
      : await Graph.open(exportOnnx(model, { channels, size: { height, width } }), provider);
    const outputs = compare(await graph.run(io, `input.${i}`), tensorOf(io, `output.${i}`).data);
    if (graph !== anySize) await graph.close();
    yield {
      name: meta.name,
      case: String(i),
      outputs,
      graph: graph.fixed ? `${height}x${width}` : `multiples of ${graph.multipleOf}`,
      nodes: graph.nodes,
      engine: `onnx:${provider}`,
      pass: outputs !== none && outputs.absolute <= BAR,
    };
  }
  await anySize.close();
  model.parameters.dispose();
}

/** An ONNX file in a session. */
class Graph {
  readonly #session: InferenceSession;
  readonly multipleOf: number;
  readonly fixed: boolean;
  readonly nodes: number;

  private constructor(session: InferenceSession, bytes: Uint8Array) {
    this.#session = session;
    this.multipleOf = Number(readOnnxMetadata(bytes)['multiple_of']);
    this.nodes = countOnnxNodes(bytes);
    const [input] = session.inputMetadata;
    this.fixed = input?.isTensor === true && typeof input.shape[2] === 'number' && input.shape[2] > 0;
  }

  static async open(bytes: Uint8Array, provider: string): Promise<Graph> {
    const session = await InferenceSession.create(bytes, { executionProviders: [provider], logSeverityLevel: 3 });
    return new Graph(session, bytes);
  }

  takes(height: number, width: number): boolean {
    const [input] = this.#session.inputMetadata;
    if (this.fixed) return input?.isTensor === true && input.shape[2] === height && input.shape[3] === width;
    return height % this.multipleOf === 0 && width % this.multipleOf === 0;
  }

  /** The samples of a batch one after the other: a picture is what the graph takes. */
  async run(io: Weights, name: string): Promise<Float32Array> {
    const { shape, data } = tensorOf(io, name);
    const [batch = 1, ...picture] = shape;
    const size = data.length / batch;
    const results: Float32Array[] = [];
    for (let i = 0; i < batch; i++) {
      const input = new Tensor('float32', data.slice(i * size, (i + 1) * size), [1, ...picture]);
      results.push((await this.#session.run({ input }))['output']?.data as Float32Array);
    }
    return Float32Array.from(results.flatMap((result) => Array.from(result)));
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}
