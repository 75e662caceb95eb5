import type { GraphNode } from '../graph/nodes.ts';
import { isSum } from '../graph/index.ts';

/** Grappler skips nodes that have this attribute: with it it marks the sums that it is done with (`kAddOpsRewriteTag`). */
const LEFT_ALONE = { _grappler_ArithmeticOptimizer_AddOpsRewriteStage: { bool: true } };

/**
 * Gives sums of the same terms the same bits each time. TensorFlow's `AddN` adds up in the memory of the first term that
 * nobody else needs any more, beginning with it; where operations run side by side, which one that is changes from run to run,
 * and the rounding with it. Grappler, its optimiser, joins sums of sums into such, so it is kept from doing that, and sums of more
 * than two terms are taken apart; of two the order does not matter. (TensorFlow 2.21, aggregate_ops.cc and
 * arithmetic_optimizer.cc, `AddOpsRewriteStage`.)
 */
export function orderedSums(nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.flatMap((node) =>
    isSum(node) ? inPairs(node).map((sum) => ({ ...sum, attrs: { ...sum.attrs, ...LEFT_ALONE } })) : node,
  );
}

/** The same sum, two terms at a time. */
function inPairs(sum: GraphNode): GraphNode[] {
  const {
    name,
    inputs,
    attrs: { T },
    outputs,
  } = sum;
  const [first = '', ...terms] = inputs.filter((input) => !input.startsWith('^'));
  const order = inputs.filter((input) => input.startsWith('^'));
  if (terms.length < 2 || !T) return [sum];
  const upTo = (k: number): string => (k === terms.length - 1 ? name : `${name}/upTo${k}`);
  return terms.map((term, k) => ({
    name: upTo(k),
    op: 'AddV2',
    inputs: [k === 0 ? first : upTo(k - 1), term, ...order],
    attrs: { T },
    outputs,
  }));
}
