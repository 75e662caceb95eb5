import type { GraphNode } from '../../engine/graph.ts';
import { countOf, equationOf, FLOAT, floats, type GraphIndex, integerConstant, integers, isAlongLastAxis, joinShapes, node as operation, partOfShape, reshape, reshapedConstant, runtimeShape } from './graphIndex.ts';

/** What is done to x along one of its axes: multiplied by a matrix, [from,to] or transposed, or a vector added. */
type Step = { axis: number } & ({ matrix: string; fromFirst: boolean } | { vector: GraphNode });

/** A result as steps on x, and where its axes come from: axis `order[i]` of x is the i-th of the result. */
interface Chain {
  x: string;
  order: readonly number[];
  steps: readonly Step[];
}

/**
 * Products along an axis that is not the last (the gating units of MAXIM, resizing written as matrices) are exported as
 * transposition, product over the last axis, transposition. Where the axes come back to their places, the products are done in
 * place and nothing is transposed.
 */
export function multiplyInPlace(graph: GraphIndex, node: GraphNode): GraphNode[] | undefined {
  if (node.op !== 'Transpose') return undefined;
  const rank = integers(graph.is(node.inputs[1], 'Const')).length;
  const { x, order, steps } = chainOf(graph, node.name, rank);
  if (!steps.some((step) => 'matrix' in step) || order.some((axis, i) => axis !== i)) return undefined;
  const nodes: GraphNode[] = [];
  steps.reduce((input, step, i) => {
    const name = i === steps.length - 1 ? node.name : `${node.name}/fused/step${i}`;
    nodes.push(...('matrix' in step ? multiply(name, input, step, rank) : add(name, input, step, rank)));
    return name;
  }, x);
  return nodes;
}

function chainOf(graph: GraphIndex, input: string, rank: number): Chain {
  const node = graph.at(input);
  if (node?.op === 'Transpose') {
    const before = chainOf(graph, node.inputs[0] ?? '', rank);
    const order = integers(graph.is(node.inputs[1], 'Const'));
    if (order.length === rank) return { ...before, order: [...order].map((i) => before.order[i] ?? NaN) };
  }
  const shifted = graph.withConstant(node, 'AddV2');
  if (shifted) {
    const before = chainOf(graph, shifted.other, rank);
    const axis = before.order[rank - 1] ?? NaN;
    if (before.steps.length > 0 && isAlongLastAxis(shifted.constant)) return { ...before, steps: [...before.steps, { axis, vector: shifted.constant }] };
  }
  return (node?.op === 'Einsum' ? afterProduct(graph, node, rank) : undefined) ?? { x: input, order: Array.from({ length: rank }, (_, i) => i), steps: [] };
}

/** A product of x with a matrix, on either side; no letter may stand for what is not one axis of them. */
function afterProduct(graph: GraphIndex, product: GraphNode, rank: number): Chain | undefined {
  const [, left = '', right = '', result = ''] = /^(\w+),(\w+)->(\w+)$/.exec(equationOf(product)) ?? [];
  const matrixFirst = left.length === 2 && right.length === rank;
  const [pair, axes] = matrixFirst ? [left, right] : [right, left];
  const [matrix = '', input = ''] = matrixFirst ? product.inputs : product.inputs.toReversed();
  const summed = [...pair].find((letter) => axes.includes(letter));
  const made = [...pair].find((letter) => !axes.includes(letter));
  if (pair.length !== 2 || axes.length !== rank || result.length !== rank || summed === undefined || made === undefined) return undefined;
  const place = axes.indexOf(summed);
  const inPlace = [...axes].map((letter) => (letter === summed ? made : letter));
  const places = [...result].map((letter) => inPlace.indexOf(letter));
  if (new Set([...places, -1]).size !== rank + 1) return undefined;
  const before = chainOf(graph, input, rank);
  // Over the last axis a product is fastest as it is; the chain begins behind it.
  if (before.order[place] === rank - 1) return undefined;
  return { ...before, order: places.map((i) => before.order[i] ?? NaN), steps: [...before.steps, { axis: before.order[place] ?? NaN, matrix, fromFirst: pair[0] === summed }] };
}

/** [outer…, from, inner…] as [outer, from, inner] times the matrix, and back. */
function multiply(name: string, x: string, { axis, matrix, fromFirst }: Extract<Step, { matrix: string }>, rank: number): GraphNode[] {
  const part = (suffix: string): string => `${name}/${suffix}`;
  return [
    runtimeShape(part('x'), x),
    runtimeShape(part('matrix'), matrix),
    ...partOfShape(part('outer'), part('x'), 0, axis),
    ...countOf(part('count'), part('outer')),
    ...partOfShape(part('from'), part('x'), axis, 1),
    ...partOfShape(part('to'), part('matrix'), fromFirst ? 1 : 0, 1),
    ...partOfShape(part('inner'), part('x'), axis + 1, rank - axis - 1),
    integerConstant(part('any'), [-1]),
    ...joinShapes(part('stacked'), [part('count'), part('from'), part('any')]),
    reshape(part('stack'), x, part('stacked')),
    operation(part('product'), 'BatchMatMulV2', [matrix, part('stack')], { T: FLOAT, adj_x: { bool: fromFirst }, adj_y: { bool: false } }),
    ...joinShapes(part('shape'), [part('outer'), part('to'), part('inner')]),
    reshape(name, part('product'), part('shape')),
  ];
}

function add(name: string, x: string, { axis, vector }: Extract<Step, { vector: GraphNode }>, rank: number): GraphNode[] {
  const length = floats(vector).length;
  return [reshapedConstant(`${name}/vector`, vector, [length, ...Array.from({ length: rank - axis - 1 }, () => 1)]), operation(name, 'AddV2', [x, `${name}/vector`], { T: FLOAT })];
}
