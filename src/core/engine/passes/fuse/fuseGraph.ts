import type { GraphNode } from '../../graph/nodes.ts';
import { fuseDense } from './dense.ts';
import { GraphIndex } from '../../graph/index.ts';
import { fuseLayerNorm } from './layerNorm.ts';
import { multiplyInPlace } from './multiplyInPlace.ts';
import { fuseResize } from './resize.ts';

/**
 * Graphs that were exported from JAX spell out what TensorFlow has in one operation: layer norm takes nine, a dense layer with
 * GELU eleven, and each reads and writes the whole picture. Here the last node of such a pattern becomes the one operation
 * of TensorFlow's oneDNN build, and what nothing reads any more is left out. Patterns are told by operations, constants and
 * order alone, never by names. Where TensorFlow lacks the operations the result cannot be run: keep the original.
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

/** In an order in which every node comes after its inputs. */
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

/** In bytes; longer constants are weights, of which no two are alike. */
const LONGEST_SHARED = 64;

/**
 * JAX writes the same arithmetic on the picture's sides, the same shapes and factors thousands of times, and TensorFlow's optimiser
 * takes seconds to see that. Inputs come before what reads them.
 */
function shareEqual(nodes: readonly GraphNode[], output: GraphNode | undefined): GraphNode[] {
  const first = new Map<string, string>();
  const instead = new Map<string, string>();
  return nodes.flatMap((node) => {
    // Around the name there may be `^` or the number of an output.
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
