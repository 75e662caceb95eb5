import { operation } from '../graph/build.ts';
import type { GraphNode } from '../graph/nodes.ts';
import { isSum } from '../graph/index.ts';

/** Grappler marks the sums it has rewritten with this attribute and skips nodes that have it (`kAddOpsRewriteTag`). */
const LEFT_ALONE = { _grappler_ArithmeticOptimizer_AddOpsRewriteStage: { bool: true } };

/**
 * Makes equal sums round equally every time. TensorFlow's `AddN` reuses the memory of a term that nobody else needs,
 * and starts with that term. When operations run in parallel, that term differs from run to run, and so does the
 * rounding. Therefore sums of more than two terms are split into sums of two, for which the order does not matter; and
 * Grappler, TensorFlow's optimiser, is kept from joining them into an `AddN` again. (TensorFlow 2.21, aggregate_ops.cc
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
