import { AppError } from '../../shared/errors.ts';
import { createModel, findNetwork, networks } from '../networks/index.ts';
import type { Shapes } from '../networks/network.ts';
import type { Parameters } from '../networks/parameters.ts';
import type { Weights } from './weights.ts';

export interface DetectedNetwork {
  /** The network's id. */
  network: string;
  options: Record<string, unknown>;
}

/**
 * Finds the architecture and its options from names and shapes alone. A network that recognises the file is built
 * (without values) and compared tensor by tensor, so a result means that the weights will load.
 * @throws AppError `unsupported` with the closest network and what the file contains
 */
export function detectNetwork(weights: Weights | Shapes): DetectedNetwork {
  const shapes = shapesOf(weights);
  const near: { title: string; differences: string[] }[] = [];
  for (const network of networks) {
    const options = recognise(() => network.detect(shapes));
    if (!options) continue;
    const differences = compare(shapes, createModel(network.id, options).parameters);
    if (differences.length === 0) return { network: network.id, options };
    near.push({ title: network.title, differences });
  }
  near.sort((a, b) => a.differences.length - b.differences.length);
  const [nearest] = near;
  const found = `${shapes.size === 1 ? '1 tensor' : `${shapes.size} tensors, the first of them`} ${[...shapes]
    .slice(0, 3)
    .map(([name, shape]) => `${shorten(name)} [${shape.join()}]`)
    .join(', ')}`;
  const reason = nearest
    ? `It looks most like ${nearest.title}, but ${listed(nearest.differences)}.`
    : (describeNames(shapes) ?? `Supported networks: ${networks.map(({ title }) => title).join(', ')}.`);
  throw new AppError(
    'unsupported',
    `These weights do not fit any supported network. ${reason} The file contains ${found}.`,
    {
      details: { differences: nearest?.differences ?? [] },
    },
  );
}

/**
 * Checks weights against a known network.
 * @throws AppError `not-found` for an unknown network, `bad-input` if options or tensors do not fit.
 */
export function assertFits(weights: Weights | Shapes, id: string, options: Record<string, unknown>): void {
  const network = findNetwork(id);
  const parsed = network.options.safeParse(options);
  if (!parsed.success)
    throw new AppError(
      'bad-input',
      `These weights ask for options that ${network.title} does not have. Download or copy the file again.`,
      { cause: parsed.error },
    );
  const differences = compare(shapesOf(weights), createModel(id, parsed.data).parameters);
  if (differences.length > 0)
    throw new AppError(
      'bad-input',
      `These weights do not fit ${network.title}: ${listed(differences)}. Download or copy the file again.`,
      { details: { differences } },
    );
}

/**
 * If most names belong to a network that cannot be built from these shapes, the file is a part or another variant of
 * it.
 */
function describeNames(shapes: Shapes): string | undefined {
  const found = networks.map(({ id, title, published }) => {
    const built = Object.values(published).map((options) => createModel(id, options).parameters);
    const known = new Set(built.flatMap(({ all, buffers }) => [...all.map(({ name }) => name), ...buffers.keys()]));
    return { title, count: [...shapes.keys()].filter((name) => known.has(name)).length };
  });
  const [most] = found.sort((a, b) => b.count - a.count);
  if (!most || most.count < shapes.size / 2 || most.count === 0) return undefined;
  return `${most.count} of its ${shapes.size} tensors have names of ${most.title}, but some tensors are missing or have the wrong shape.`;
}

/** Options beyond a network's limits (such as a depth of 10,000) mean that the file is for another network. */
function recognise<T>(detect: () => T): T | undefined {
  try {
    return detect();
  } catch (error) {
    if (error instanceof Error && error.name.includes('ZodError')) return undefined;
    throw error;
  }
}

/** The program computes buffers itself, so a file need not contain them. */
function compare(found: Shapes, { all, buffers }: Parameters): string[] {
  const differences: string[] = [];
  const check = (name: string, shape: readonly number[], other: readonly number[]) => {
    if (other.join() !== shape.join()) differences.push(`${name} is [${other.join()}] instead of [${shape.join()}]`);
  };
  const known = new Set<string>();
  for (const { name, shape } of all) {
    known.add(name);
    const other = found.get(name);
    if (other) check(name, shape, other);
    else differences.push(`${name} is missing`);
  }
  for (const [name, shape] of found) {
    const buffer = buffers.get(name);
    if (buffer) check(name, buffer().shape, shape);
    else if (!known.has(name)) differences.push(`${name} is not part of it`);
  }
  return differences;
}

const shapesOf = (weights: Weights | Shapes): Shapes =>
  new Map([...weights].map(([name, value]) => [name, 'shape' in value ? value.shape : value]));

const listed = (differences: readonly string[]): string =>
  `${differences.slice(0, 3).map(shorten).join('; ')}${differences.length > 3 ? ` and ${differences.length - 3} more` : ''}`;

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);
