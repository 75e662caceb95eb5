import type { GraphNode } from './graph/nodes.ts';
import { GraphSession } from './graphSession.ts';
import { lower, type LowerOptions } from './passes/index.ts';

/** Rewrites a graph ({@link lower}) and loads it into TensorFlow. Every graph that is run comes through here. */
export const compileGraph = (nodes: readonly GraphNode[], options: LowerOptions = {}): GraphSession =>
  new GraphSession(lower(nodes, options));
