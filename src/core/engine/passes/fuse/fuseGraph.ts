import type { GraphNode } from '../../graph/nodes.ts';
import { fuseDense } from './dense.ts';
import { GraphIndex } from '../../graph/index.ts';
import { fuseLayerNorm } from './layerNorm.ts';
import { multiplyInPlace } from './multiplyInPlace.ts';
import { fuseResize } from './resize.ts';

/**
 * Fuses patterns of graphs exported from JAX. These graphs use several operations where TensorFlow has one: nine for a
 * layer norm, eleven for a dense layer with GELU, and each operation reads and writes the whole picture. The last node
 * of a pattern is replaced by the corresponding operation of TensorFlow's oneDNN build, and nodes without readers are
 * removed. Patterns are recognised by operations, constants and order, never by names. A TensorFlow build without these
 * operations cannot run the result, so keep the original graph.
 */
export function fuseGraph(nodes: readonly GraphNode[], output: string): GraphNode[] {
  const graph = new GraphIndex(nodes);
  const patterns = [fuseLayerNorm, fuseDense, fuseResize, multiplyInPlace];
  const fused = nodes.flatMap((node) => {
    for (const fuse of patterns) {
      const made = fuse(graph, node);
      if (made) return made;
    }
    return node;
  });
  const needed = neededFor(output, fused);
  return shareEqual(needed, needed.at(-1));
}

/** The nodes that `output` needs, each after its inputs. */
function neededFor(output: string, nodes: readonly GraphNode[]): GraphNode[] {
  const graph = new GraphIndex(nodes);
  const [entered, ordered] = [new Set<GraphNode>(), new Set<GraphNode>()];
  const waiting = [graph.at(output)];
  for (let node = waiting.at(-1); node; node = waiting.at(-1)) {
    if (entered.has(node)) {
      ordered.add(node);
      waiting.pop();
    } else {
      entered.add(node);
      waiting.push(
        ...node.inputs.map((input) => graph.at(input)).filter((read) => read !== undefined && !ordered.has(read)),
      );
    }
  }
  return [...ordered];
}

/** In bytes. Longer constants are weights, and no two of them are equal. */
const LONGEST_SHARED = 64;

/**
 * Merges equal nodes. JAX repeats the same arithmetic on picture sizes, shapes and factors thousands of times, and
 * TensorFlow's optimiser takes seconds to merge it. Every node must come after its inputs.
 */
function shareEqual(nodes: readonly GraphNode[], output: GraphNode | undefined): GraphNode[] {
  const first = new Map<string, string>();
  const instead = new Map<string, string>();
  return nodes.flatMap((node) => {
    // An input name can have a `^` before it, and the number of an output after it.
    const inputs = node.inputs.map((input) => input.replace(/[^^:]+/, (name) => instead.get(name) ?? name));
    const { op, attrs } = node;
    const { value } = attrs;
    const bytes = value && 'tensor' in value ? value.tensor.bytes : new Uint8Array();
    if (op !== 'Placeholder' && node !== output && bytes.length <= LONGEST_SHARED) {
      const key = JSON.stringify([op, inputs, attrs]);
      const known = first.get(key);
      if (known !== undefined) {
        instead.set(node.name, known);
        return [];
      }
      first.set(key, node.name);
    }
    return { ...node, inputs };
  });
}
