import type { GraphNode } from '../../engine/graph.ts';
import { fuseDense } from './dense.ts';
import { GraphIndex } from './graphIndex.ts';
import { fuseLayerNorm } from './layerNorm.ts';
import { multiplyInPlace } from './multiplyInPlace.ts';

/**
 * Graphs that were exported from JAX spell out what TensorFlow has in one operation: layer norm takes nine, a dense layer with
 * GELU eleven, and each reads and writes the whole picture. Here the last node of such a pattern becomes the one operation
 * of TensorFlow's oneDNN build, and what nothing reads any more is left out. Patterns are told by operations, constants and
 * order alone, never by names. Where TensorFlow lacks the operations the result cannot be run: keep the original.
 */
export function fuseGraph(nodes: readonly GraphNode[], output: string): GraphNode[] {
  const graph = new GraphIndex(nodes);
  const patterns = [fuseLayerNorm, fuseDense, multiplyInPlace];
  const fused = nodes.flatMap((node) => {
    for (const fuse of patterns) {
      const made = fuse(graph, node);
      if (made) return made;
    }
    return node;
  });
  return neededFor(output, shareConstants(fused));
}

/** Constants as short as these are shapes and factors, the same few thousands of times; TensorFlow takes seconds to see that. */
const SHORT = 64;

function shareConstants(nodes: readonly GraphNode[]): GraphNode[] {
  const first = new Map<string, string>();
  const shared = new Map<string, string>();
  for (const { name, op, attrs: { value } } of nodes) {
    if (op !== 'Const' || !value || !('tensor' in value) || value.tensor.bytes.length > SHORT) continue;
    const { dtype, shape, bytes } = value.tensor;
    const key = `${dtype} ${shape.join()} ${bytes.join()}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, name);
    else shared.set(name, known);
  }
  return nodes.map((node) => ({ ...node, inputs: node.inputs.map((input) => shared.get(input) ?? input) }));
}

function neededFor(output: string, nodes: readonly GraphNode[]): GraphNode[] {
  const graph = new GraphIndex(nodes);
  const needed = new Set<GraphNode>();
  const waiting = [graph.at(output)];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    waiting.push(...node.inputs.map((input) => graph.at(input)).filter((found) => found !== undefined));
  }
  return nodes.filter((node) => needed.has(node));
}
