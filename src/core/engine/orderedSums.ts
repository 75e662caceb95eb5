import type { GraphNode } from './graph.ts';
import { FLOAT, GraphIndex } from './graphIndex.ts';

const SUMS = new Set(['Add', 'AddV2', 'AddN']);
const LEFT_ALONE = { _grappler_ArithmeticOptimizer_AddOpsRewriteStage: { bool: true } };

/**
 * Gives sums of the same terms the same bits each time. TensorFlow's `AddN` adds up in the memory of the first term that
 * nobody else needs any more, beginning with it; where operations run side by side, which one that is changes from run to run,
 * and the rounding with it. Its optimiser joins sums of sums into such. So all sums bear the mark of those that it is done
 * with, and sums of more than two terms are taken apart; of two the order does not matter. (TensorFlow 2.21, aggregate_ops.cc
 * and arithmetic_optimizer.cc, `AddOpsRewriteStage`.)
 */
export function orderedSums(nodes: readonly GraphNode[]): GraphNode[] {
  const graph = new GraphIndex(nodes);
  // A product is made in memory of its own: where the sum alone reads it, it always begins with it.
  const isOrdered = ([first]: readonly string[]): boolean => {
    const product = graph.is(first, 'Mul');
    return product !== undefined && graph.readersOf(product).length === 1;
  };
  return nodes.flatMap((node) => {
    if (!SUMS.has(node.op)) return node;
    const marked = { ...node, attrs: { ...node.attrs, ...LEFT_ALONE } };
    return node.op === 'AddN' && node.inputs.length > 2 && !isOrdered(node.inputs) ? inPairs(marked) : marked;
  });
}

/** The same sum, two terms at a time. */
function inPairs({ name, inputs, attrs: { T = FLOAT }, outputs }: GraphNode): GraphNode[] {
  const [first = '', ...terms] = inputs.filter((input) => !input.startsWith('^'));
  const order = inputs.filter((input) => input.startsWith('^'));
  const upTo = (k: number): string => (k === terms.length - 1 ? name : `${name}/upTo${k}`);
  return terms.map((term, k) => ({ name: upTo(k), op: 'AddV2', inputs: [k === 0 ? first : upTo(k - 1), term, ...order], attrs: { T, ...LEFT_ALONE }, outputs }));
}
