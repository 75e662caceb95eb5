import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { tensorFlowBackend } from './backend.ts';
import { guardDepthwiseSums } from './passes/depthwiseSums.ts';
import { type GraphNode, savedModel } from './graph/nodes.ts';
import { orderedSums } from './passes/pairwiseSums.ts';

/** A graph in a TensorFlow session of its own. */
export class GraphSession {
  readonly #id: number;

  /** Loads the graph by way of a SavedModel in a temporary folder, the only way the binding offers. */
  constructor(nodes: readonly GraphNode[]) {
    const folder = mkdtempSync(join(tmpdir(), 'mcir-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), savedModel(guardDepthwiseSums(orderedSums(nodes))));
      this.#id = tensorFlowBackend().binding.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Feeds the named placeholders and returns the named outputs. The thread is busy until it is done. */
  run(inputs: Readonly<Record<string, tf.Tensor>>, outputs: readonly string[]): tf.Tensor[] {
    const backend = tensorFlowBackend();
    const ids = backend.getInputTensorIds(Object.values(inputs));
    const results = backend.binding.runSavedModel(this.#id, ids, Object.keys(inputs).join(), outputs.join());
    return results.map((metadata) => backend.createOutputTensor(metadata));
  }

  dispose(): void {
    tensorFlowBackend().binding.deleteSavedModel(this.#id);
  }
}
