import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';

/** Child processes that load the engine, or a file's native parser, to answer one question. */

/** What the engine told about itself; see core/engine/device.ts. */
export const engineFacts = z.object({
  tensorflow: z.string(),
  device: z.object({
    kind: z.enum(['cpu', 'gpu']),
    name: z.string(),
    memory: z.number(),
    threads: z.int(),
    bf16: z.array(z.string()),
  }),
});
export type EngineFacts = z.infer<typeof engineFacts>;

export const engineContract = childContract('engineFacts', {
  facts: childCall(z.object({}), engineFacts),
});

export const onnxContract = childContract('exportOnnx', {
  /** Reads the model file `source` and writes it to `out` as ONNX. */
  export: childCall(z.object({ source: z.string(), out: z.string() }), z.object({})),
});

export const graphContract = childContract('probeGraph', {
  /** Opens a graph model and tells its format, and how many times as large its output is. */
  probe: childCall(
    z.object({ path: z.string(), graph: z.object({ range: z.number(), multipleOf: z.number() }) }),
    z.object({ format: z.enum(['onnx', 'tfjs-graph', 'tfjs-layers']), scale: z.number() }),
  ),
});
