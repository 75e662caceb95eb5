import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { tensorFlowBackend } from './backend.ts';
import type { GraphNode } from './graph/nodes.ts';
import { savedModel } from './graph/savedModel.ts';

/** A graph in a TensorFlow session of its own. The nodes are loaded as they are; see compileGraph.ts. */
export class GraphSession {
  readonly #id: number;

  /**
   * Writes the graph as a SavedModel into a temporary folder, because the native binding loads graphs only from there.
   */
  constructor(nodes: readonly GraphNode[]) {
    const folder = mkdtempSync(join(tmpdir(), 'mcir-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), savedModel(nodes));
      this.#id = tensorFlowBackend().binding.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Feeds the named placeholders and returns the named outputs. Blocks the thread until it is done. */
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
