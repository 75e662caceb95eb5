import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../../shared/errors.ts';
import { constantAttributes, DT, nodeOf } from './graph/nodes.ts';
import { type Precision, withPrecision } from './passes/precision.ts';
import { GraphSession } from './graphSession.ts';
import { Tracer } from './tracing/tracer.ts';
import { withWinograd } from './passes/winograd.ts';

type Tensors = Record<string, tf.Tensor>;

/**
 * A function of a program: it computes from its inputs and the program's variables, and says what the variables become.
 * It must not read tensors, branch on their values, or assign variables itself: it may run once only, to be recorded.
 * Whatever differs between calls is an input.
 */
export interface ProgramFunction {
  /** Shapes of the float32 inputs. */
  inputs: Record<string, number[]>;
  run(inputs: Tensors): { outputs: Tensors; updates?: readonly (readonly [tf.Variable, tf.Tensor])[] };
}

export interface ProgramOptions {
  /** Run as one graph; otherwise, and where an operation cannot be recorded, op by op. */
  compile: boolean;
  /** Precision of convolutions and what stands between them; compiled programs only. */
  precision?: Precision;
  /** Let convolutions in float32 multiply less (see winograd.ts); compiled programs only. */
  winograd?: boolean;
}

/**
 * Functions over shared variables, run op by op or compiled into one TensorFlow graph in a session that holds the
 * variables. Both give the same results to rounding.
 *
 * The `tf.Variable`s are the state as the rest of the program sees it. A compiled program works on its own copy:
 * {@link push} sends the variables' values into the session, {@link pull} fetches them back. Run op by op, the
 * variables are the state and both do nothing.
 */
export class Program<Names extends string> {
  /** Why the program runs op by op although it should have been compiled; undefined where it is compiled. */
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
    results.pop()?.dispose(); // the mark that all updates are done
    return Object.fromEntries(outputs.names.map((output, i) => [output, results[i] as tf.Tensor]));
  }

  /**
   * Sends the values of all variables into the session. All at once: a session prepares a graph for every set of names it
   * is asked for, which takes far longer than the copying.
   */
  push(): void {
    const values = Object.fromEntries(this.#variables.map((variable, i) => [`s${i}/new`, variable]));
    tf.dispose(this.#session?.run(values, ['written']) ?? []);
  }

  /** Fetches the values of all variables, or of some, from the session. */
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

  #trace({ precision = 'float32', winograd = false }: ProgramOptions): GraphSession {
    const tracer = new Tracer();
    const nodes = tracer.nodes;
    this.#variables.forEach((variable, i) => {
      tracer.bindVariable(variable, `s${i}`);
      const info = { dtype: DT.float32, shape: variable.shape };
      const type = { type: DT.float32 };
      nodes.push({
        name: `s${i}/new`,
        op: 'Placeholder',
        inputs: [],
        attrs: { dtype: type, shape: { shape: info.shape } },
        outputs: [info],
      });
      nodes.push({
        name: `s${i}/write`,
        op: 'AssignVariableOp',
        inputs: [`s${i}`, `s${i}/new`],
        attrs: { dtype: type },
        outputs: [],
      });
    });
    nodes.push(
      done(
        'written',
        this.#variables.map((_, i) => `s${i}/write`),
      ),
    );
    for (const [name, definition] of Object.entries(this.#functions) as [Names, ProgramFunction][])
      this.#traceFunction(tracer, name, definition);
    return new GraphSession(winograd ? withWinograd(withPrecision(nodes, precision)) : withPrecision(nodes, precision));
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
      // A variable is overwritten only when everything of this call that reads a variable has been computed.
      const barrier = `${name}/computed`;
      tracer.nodes.push(
        done(
          barrier,
          [...values, ...results].map(([, node]) => nodeOf(node)),
        ),
      );
      const writes = values.map(([i, value], k) => {
        const write = `${name}/write${k}`;
        tracer.nodes.push({
          name: write,
          op: 'AssignVariableOp',
          inputs: [`s${i}`, value, `^${barrier}`],
          attrs: { dtype: { type: DT.float32 } },
          outputs: [],
        });
        return write;
      });
      const nodes = results.map(([key, node]) => {
        const info = { dtype: DT.float32, shape: (outputs[key] as tf.Tensor).shape };
        return tracer.addNode(
          'Identity',
          [node, ...writes.map((write) => `^${write}`)],
          { T: { type: DT.float32 } },
          [info],
          `${name}/out/${key}`,
        );
      });
      // A function without outputs still needs something to be asked for.
      tracer.nodes.push(done(`${name}/done`, writes));
      nodes.push(`${name}/done`);
      this.#outputs.set(name, { names: Object.keys(outputs), nodes });
    });
  }
}

/** A node that is there to be waited for. */
function done(name: string, after: readonly string[]) {
  return {
    name,
    op: 'Const',
    inputs: after.map((node) => `^${node}`),
    attrs: constantAttributes(DT.float32, [], new Uint8Array(4)),
    outputs: [{ dtype: DT.float32, shape: [] }],
  };
}

function prefixed(name: string, inputs: Tensors): Tensors {
  return Object.fromEntries(Object.entries(inputs).map(([key, tensor]) => [`${name}/${key}`, tensor]));
}
