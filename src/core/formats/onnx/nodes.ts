import type { GraphNode } from '../../engine/graph/nodes.ts';

/** The i-th input of a recorded node; empty if an optional one was not given. */
export const inputOf = (node: GraphNode, i: number): string => node.inputs[i] ?? '';

/** The shape of a node's first output, [B,H,W,C] for a feature map. */
export const shapeOf = (node: GraphNode): readonly number[] => node.outputs[0]?.shape ?? [];

export function floatOf(node: GraphNode, name: string): number {
  const value = node.attrs[name];
  if (!value || !('float' in value)) throw new Error(`${node.op} lacks ${name}`);
  return value.float;
}

export function intOf(node: GraphNode, name: string): number {
  const value = node.attrs[name];
  if (!value || !('int' in value)) throw new Error(`${node.op} lacks ${name}`);
  return Number(value.int);
}

export function intsOf(node: GraphNode, name: string): readonly number[] {
  const value = node.attrs[name];
  if (!value || !('ints' in value)) throw new Error(`${node.op} lacks ${name}`);
  return value.ints;
}

export function stringOf(node: GraphNode, name: string): string {
  const value = node.attrs[name];
  if (!value || !('string' in value)) throw new Error(`${node.op} lacks ${name}`);
  return value.string;
}

export function boolOf(node: GraphNode, name: string): boolean {
  const value = node.attrs[name];
  return value !== undefined && 'bool' in value && value.bool;
}
