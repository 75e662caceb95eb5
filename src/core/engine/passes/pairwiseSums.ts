import { operation } from '../graph/build.ts';
import type { GraphNode } from '../graph/nodes.ts';
import { isSum } from '../graph/index.ts';

/** Grappler marks the sums it has rewritten with this attribute and skips nodes that have it (`kAddOpsRewriteTag`). */
const LEFT_ALONE = { _grappler_ArithmeticOptimizer_AddOpsRewriteStage: { bool: true } };

/**
 * Makes sums reproducible. TensorFlow's `AddN` reuses the memory of a term that no other operation needs, and starts
 * with that term. When operations run in parallel, this can be a different term in each run, and then the rounding
 * differs. So sums of more than two terms are split into sums of two, for which the order does not matter. An attribute
 * keeps Grappler, TensorFlow's optimiser, from joining them into an `AddN` again. (TensorFlow 2.21, aggregate_ops.cc
 * and arithmetic_optimizer.cc, `AddOpsRewriteStage`.)
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
  return terms.map((term, k) =>
    operation(upTo(k), 'AddV2', [k === 0 ? first : upTo(k - 1), term, ...order], { T }, outputs),
  );
}
