import type { GraphNode } from '../../graph/nodes.ts';
import { equationOf, floats, type GraphIndex, integers, isAlongLastAxis } from '../../graph/index.ts';

/**
 * A product of x with a matrix along one axis, [from,to] or transposed, and constants added along that axis or
 * everywhere.
 */
export interface Step {
  axis: number;
  matrix: string;
  fromFirst: boolean;
  added: readonly GraphNode[];
}

/** A result as steps applied to x. Its i-th axis is axis `order[i]` of x. */
interface Chain {
  x: string;
  order: readonly number[];
  steps: readonly Step[];
}

/**
 * Finds products along an axis that is not the last (the gating units of MAXIM; resizing written as matrices). They are
 * exported as transpose, product over the last axis, transpose. If all axes of the result are back in their original
 * places, the function returns these steps, which can be done in place.
 */
export function productsInPlace(
  graph: GraphIndex,
  node: GraphNode,
): { x: string; steps: readonly Step[]; rank: number } | undefined {
  const turned = node.op === 'Transpose' ? node : graph.is(graph.withConstant(node, 'AddV2')?.other, 'Transpose');
  const rank = integers(graph.is(turned?.inputs[1], 'Const')).length;
  const { x, order, steps } = chainOf(graph, node.name, rank);
  return rank > 0 && steps.length > 0 && order.every((axis, i) => axis === i) ? { x, steps, rank } : undefined;
}

function chainOf(graph: GraphIndex, input: string, rank: number): Chain {
  const node = graph.at(input);
  return (
    afterTransposition(graph, node, rank) ??
    afterSum(graph, node, rank) ??
    afterProduct(graph, node, rank) ?? { x: input, order: Array.from({ length: rank }, (_, i) => i), steps: [] }
  );
}

function afterTransposition(graph: GraphIndex, node: GraphNode | undefined, rank: number): Chain | undefined {
  const order = integers(graph.is(node?.inputs[1], 'Const'));
  if (node?.op !== 'Transpose' || order.length !== rank) return undefined;
  const before = chainOf(graph, node.inputs[0] ?? '', rank);
  return { ...before, order: [...order].map((i) => before.order[i] ?? NaN) };
}

function afterSum(graph: GraphIndex, node: GraphNode | undefined, rank: number): Chain | undefined {
  const sum = graph.withConstant(node, 'AddV2');
  if (!sum) return undefined;
  const before = chainOf(graph, sum.other, rank);
  const last = before.steps.at(-1);
  const isNumber = floats(sum.constant).length === 1;
  if (!last || !(isNumber || (isAlongLastAxis(sum.constant) && before.order[rank - 1] === last.axis))) return undefined;
  return { ...before, steps: before.steps.with(-1, { ...last, added: [...last.added, sum.constant] }) };
}

/** A product of x with a matrix, on either side. Each letter of the equation must be exactly one axis. */
function afterProduct(graph: GraphIndex, product: GraphNode | undefined, rank: number): Chain | undefined {
  const [, left = '', right = '', result = ''] = /^(\w+),(\w+)->(\w+)$/.exec(equationOf(product)) ?? [];
  const matrixFirst = left.length === 2 && right.length === rank;
  const [pair, axes] = matrixFirst ? [left, right] : [right, left];
  const [first = '', second = ''] = product?.inputs ?? [];
  const [matrix, input] = matrixFirst ? [first, second] : [second, first];
  const summed = [...pair].find((letter) => axes.includes(letter));
  const made = [...pair].find((letter) => !axes.includes(letter));
  if (pair.length !== 2 || axes.length !== rank || result.length !== rank || summed === undefined || made === undefined)
    return undefined;
  const place = axes.indexOf(summed);
  const inPlace = [...axes].map((letter) => (letter === summed ? made : letter));
  const places = [...result].map((letter) => inPlace.indexOf(letter));
  if (new Set([...places, -1]).size !== rank + 1) return undefined;
  const before = chainOf(graph, input, rank);
  const axis = before.order[place] ?? NaN;
  // A product over the last axis is already fastest as it is, so the chain starts after it.
  if (axis === rank - 1) return undefined;
  return {
    ...before,
    order: places.map((i) => before.order[i] ?? NaN),
    steps: [...before.steps, { axis, matrix, fromFirst: pair[0] === summed, added: [] }],
  };
}
