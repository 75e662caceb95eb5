import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../../shared/errors.ts';
import { compileGraph } from './compileGraph.ts';
import { assignVariable, done, float32, identity, placeholder } from './graph/build.ts';
import type { GraphSession } from './graphSession.ts';
import type { LowerOptions } from './passes/index.ts';
import { Tracer } from './tracing/tracer.ts';

type Tensors = Record<string, tf.Tensor>;

/**
 * A function of a program. It computes from its inputs and the program's variables, and returns the variables' new
 * values. It must not read tensors, branch on their values or assign variables, because it may run only once, to be
 * recorded. Whatever differs between calls must be an input.
 */
export interface ProgramFunction {
  /** Shapes of the float32 inputs. */
  inputs: Record<string, number[]>;
  run(inputs: Tensors): { outputs: Tensors; updates?: readonly (readonly [tf.Variable, tf.Tensor])[] };
}

/** Precision and Winograd apply to compiled programs only. */
export interface ProgramOptions extends Pick<LowerOptions, 'precision' | 'winograd'> {
  /** Run as one graph. Otherwise, and if an operation cannot be recorded, the program runs op by op. */
  compile: boolean;
}

/**
 * Functions over shared variables. They run op by op, or compiled into one TensorFlow graph in a session that holds the
 * variables. Both give the same results up to rounding.
 *
 * The rest of the program sees the state as `tf.Variable`s. A compiled program works on its own copy: {@link push}
 * sends the values into the session, {@link pull} fetches them back. When run op by op, the variables themselves are
 * the state, and both do nothing.
 */
export class Program<Names extends string> {
  /** Why the program runs op by op although it should be compiled; undefined if it is compiled. */
  readonly fallback: string | undefined;
  readonly #functions: Record<Names, ProgramFunction>;
  readonly #variables: readonly tf.Variable[];
  #session: GraphSession | undefined;
  readonly #outputs = new Map<Names, { names: string[]; nodes: string[] }>();

  constructor(functions: Record<Names, ProgramFunction>, variables: readonly tf.Variable[], options: ProgramOptions) {
    this.#functions = functions;
    this.#variables = variables;
    if (!options.compile) return;
    try {
      this.#session = this.#trace(options);
      this.push();
    } catch (error) {
      this.#session?.dispose();
      this.#session = undefined;
      this.fallback = messageOf(error);
    }
  }

  get compiled(): boolean {
    return this.#session !== undefined;
  }

  /** Runs a function; the caller disposes the outputs. */
  run(name: Names, inputs: Tensors): Tensors {
    const outputs = this.#outputs.get(name);
    if (!this.#session || !outputs) return this.#runEagerly(name, inputs);
    const results = this.#session.run(prefixed(name, inputs), outputs.nodes);
    results.pop()?.dispose(); // The node `done` runs after all updates.
    return Object.fromEntries(outputs.names.map((output, i) => [output, results[i] as tf.Tensor]));
  }

  /**
   * Sends the values of all variables into the session, all at once: a session prepares a graph for every new set of
   * names, which takes far longer than copying.
   */
  push(): void {
    const values = Object.fromEntries(this.#variables.map((variable, i) => [`s${i}/new`, variable]));
    tf.dispose(this.#session?.run(values, ['written']) ?? []);
  }

  /** Fetches the values of all variables, or of the given ones, from the session. */
  pull(variables: readonly tf.Variable[] = this.#variables): void {
    const reads = variables.map((variable) => `s${this.#variables.indexOf(variable)}/read`);
    this.#session?.run({}, reads).forEach((value, i) => {
      variables[i]?.assign(value);
      value.dispose();
    });
  }

  dispose(): void {
    this.#session?.dispose();
  }

  #runEagerly(name: Names, inputs: Tensors): Tensors {
    return tf.tidy(() => {
      const { outputs, updates = [] } = this.#functions[name].run(inputs);
      for (const [variable, value] of updates) variable.assign(value);
      return outputs;
    });
  }

  #trace(options: ProgramOptions): GraphSession {
    const tracer = new Tracer();
    const written = this.#variables.map((variable, i) => {
      tracer.bindVariable(variable, `s${i}`);
      const write = `s${i}/write`;
      tracer.nodes.push(placeholder(`s${i}/new`, float32(variable.shape)));
      tracer.nodes.push(assignVariable(write, `s${i}`, `s${i}/new`));
      return write;
    });
    tracer.nodes.push(done('written', written));
    for (const [name, definition] of Object.entries(this.#functions) as [Names, ProgramFunction][])
      this.#traceFunction(tracer, name, definition);
    return compileGraph(tracer.nodes, options);
  }

  #traceFunction(tracer: Tracer, name: Names, definition: ProgramFunction): void {
    tf.tidy(() => {
      const inputs = Object.fromEntries(
        Object.entries(definition.inputs).map(([key, shape]) => [key, tf.fill(shape, 0.5)]),
      );
      for (const [key, tensor] of Object.entries(inputs)) tracer.bindPlaceholder(tensor, `${name}/${key}`);
      const { outputs, updates = [] } = tracer.record(() => definition.run(inputs));
      const values = updates.map(
        ([variable, value]) => [this.#variables.indexOf(variable), tracer.nameOf(value)] as const,
      );
      const results = Object.entries(outputs).map(([key, tensor]) => [key, tracer.nameOf(tensor)] as const);
      // No variable is overwritten before everything in this call that reads variables has been computed.
      const computed = `${name}/computed`;
      const computing = [...values, ...results].map(([, node]) => node);
      tracer.nodes.push(done(computed, computing));
      const writes = values.map(([i, value], k) => {
        const write = `${name}/write${k}`;
        tracer.nodes.push(assignVariable(write, `s${i}`, value, [computed]));
        return write;
      });
      const nodes = results.map(([key, node]) => {
        const out = `${name}/out/${key}`;
        tracer.nodes.push(identity(out, node, writes, (outputs[key] as tf.Tensor).shape));
        return out;
      });
      // A session needs something to fetch, also from a function without outputs.
      tracer.nodes.push(done(`${name}/done`, writes));
      nodes.push(`${name}/done`);
      this.#outputs.set(name, { names: Object.keys(outputs), nodes });
    });
  }
}

function prefixed(name: string, inputs: Tensors): Tensors {
  return Object.fromEntries(Object.entries(inputs).map(([key, tensor]) => [`${name}/${key}`, tensor]));
}
