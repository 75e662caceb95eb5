import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { isMap, isScalar, parseDocument, stringify, visit } from 'yaml';
import { z } from 'zod';
import { degradations } from '../../core/degradations/index.ts';
import { neededFeatureWeights } from '../../core/losses/vgg.ts';
import { networks } from '../../core/networks/index.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { type DegradationStep, type RunConfig, runConfig } from '../../shared/runConfig.ts';
import { requireFolder } from '../app/folders.ts';

/** Fields that contain a folder or a file. */
const pathFields = [
  ['data', 'train', 'target'],
  ['data', 'train', 'input'],
  ['data', 'validation', 'target'],
  ['data', 'validation', 'input'],
  ['network', 'weights'],
] as const;

type Path = readonly (string | number)[];

/**
 * Reads a run's configuration. Relative paths in the file are relative to the file. Those in settings were typed, so
 * they are relative to the current folder. In both, `null` removes a field: `mcir: null` trains without MCIR.
 * @param settings `path=value` with a YAML value, such as `mcir.weight=0.002`
 * @throws AppError `bad-input`, `not-found`, with the path of the field
 */
export function readConfigFile(file: string, settings: readonly string[] = []): RunConfig {
  const document = parseYaml(readText(file), file);
  const place = dirname(resolve(file));
  for (const path of pathFields) {
    const value: unknown = document.getIn(path);
    if (typeof value === 'string') document.setIn(path, resolvePath(path, value, place));
  }
  for (const setting of settings) applySetting(document, setting);
  visit(document, {
    Pair: (_, { value }) => (value === null || (isScalar(value) && value.value === null) ? visit.REMOVE : undefined),
  });
  return parseConfig(toData(document, file), file);
}

type YamlDocument = ReturnType<typeof parseDocument>;

/** Limit; a configuration has a few kilobytes. */
const MAX_BYTES = 100_000;

/** The text of a file or a pipe. */
function readText(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read)
      read = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (length > MAX_BYTES)
      throw new AppError('bad-input', `${file} is larger than 100 kB, too large for a configuration. Check the path.`);
    return buffer.toString('utf8', 0, length);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('not-found', `The configuration ${file} cannot be read. Check the path.`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Limit of nesting, deeper than any field. The parser uses some stack for each level. */
const MAX_DEPTH = 50;

/**
 * Parses YAML that may be hostile. Duplicate keys are found here, because the parser compares each key with all earlier
 * ones, which takes minutes if there are many.
 */
function parseYaml(text: string, file: string): YamlDocument {
  try {
    if (isDeep(text)) throw new Error('it is nested too deeply');
    const document = parseDocument(text, { uniqueKeys: false });
    const [problem] = document.errors;
    if (problem) throw new Error(problem.message.split('\n')[0]?.replace(/:$/, ''));
    visit(document, {
      Collection: (_, collection, path) => {
        if (path.length > 2 * MAX_DEPTH) throw new Error('it is nested too deeply');
        if (!isMap(collection)) return;
        const keys = new Set<string>();
        for (const { key } of collection.items) {
          const name = isScalar(key) ? String(key.value) : undefined;
          if (name === undefined) throw new Error('a key is not plain text');
          if (keys.has(name)) throw new Error(`the field ${shortened(name)} is there twice`);
          keys.add(name);
        }
      },
    });
    return document;
  } catch (error) {
    throw new AppError('bad-input', `${file} is not valid YAML: ${shortened(messageOf(error), 300)}.`, {
      cause: error,
    });
  }
}

/** Whether brackets, or list items on one line, are nested deeper than the parser can handle quickly. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const sign of text) {
    if (sign === '[' || sign === '{') depth += 1;
    else if (sign === ']' || sign === '}') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return /^[ \t]*(?:[-?][ \t]+){50}/m.test(text);
}

/** Refuses aliases that multiply. */
function toData(document: YamlDocument, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new AppError('bad-input', `${file} is not valid YAML: ${shortened(messageOf(error), 300)}.`, {
      cause: error,
    });
  }
}

const shortened = (text: string, length = 80): string =>
  text.length > length ? `${text.slice(0, length - 3)}...` : text;

/** @throws AppError `not-found` if a folder of pictures does not exist, with the field that names it */
export async function requireFolders({ data }: RunConfig): Promise<void> {
  for (const part of ['train', 'validation'] as const) {
    for (const role of ['target', 'input'] as const) {
      const folder = data[part][role];
      if (folder !== undefined) await requireFolder(folder, `data.${part}.${role}`);
    }
  }
}

/** The complete configuration as YAML, including defaults. */
export const writeConfig = (config: RunConfig): string => stringify(config);

/**
 * Validates a configuration, including the network's options and the degradations' settings.
 * @param source its name in error messages
 */
export function parseConfig(value: unknown, source: string): RunConfig {
  const parsed = runConfig.safeParse(value);
  if (!parsed.success) throw firstIssue(parsed.error, runConfig, [], source);
  const { network, data, features } = parsed.data;
  checkChoice(networks, network.type, ['network', 'type'], source, ({ options }) => [
    options,
    network.options,
    ['network', 'options'],
  ]);
  checkDegradations(data.train.degradations, ['data', 'train', 'degradations'], source);
  checkDegradations(data.validation.degradations ?? [], ['data', 'validation', 'degradations'], source);
  checkLayers(features, source);
  return parsed.data;
}

function checkLayers({ network, layers }: RunConfig['features'], source: string): void {
  try {
    neededFeatureWeights(network, Object.keys(layers));
  } catch (error) {
    throw new AppError('bad-input', `${source}: features.layers is invalid: ${messageOf(error)}`, { cause: error });
  }
}

function checkDegradations(steps: readonly DegradationStep[], path: Path, source: string): void {
  for (const [i, { type, chance: _, ...settings }] of steps.entries()) {
    const step = [...path, i];
    checkChoice(degradations, type, [...step, 'type'], source, ({ schema }) => [schema, settings, step]);
  }
}

/** Checks that a registry has the entry that a field names, and validates the entry's own fields. */
function checkChoice<Entry extends { id: string }>(
  registry: readonly Entry[],
  id: string,
  path: Path,
  source: string,
  own: (entry: Entry) => [z.ZodType, unknown, Path],
): void {
  const entry = registry.find((candidate) => candidate.id === id);
  if (!entry)
    throw new AppError(
      'not-found',
      `${source}: ${path.join('.')} "${shortened(id)}" is not known; did you mean "${closest(
        shortened(id),
        registry.map((known) => known.id),
      )}"?`,
    );
  const [schema, value, prefix] = own(entry);
  const checked = schema.safeParse(value);
  if (!checked.success) throw firstIssue(checked.error, schema, prefix, source);
}

function applySetting(document: ReturnType<typeof parseDocument>, setting: string): void {
  const [, name, text] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
  if (name === undefined || text === undefined)
    throw new AppError(
      'bad-input',
      `"${setting}" is not a setting. Write --set path=value, for example --set mcir.weight=0.002.`,
    );
  const path = name
    .trim()
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const value = parseDocument(text);
  if (value.errors.length > 0) throw new AppError('bad-input', `The value of --set ${name} is not valid YAML: ${text}`);
  const data = value.toJS() as unknown;
  try {
    if (data === null) document.deleteIn(path);
    else
      document.setIn(
        path,
        document.createNode(typeof data === 'string' ? resolvePath(path, data, process.cwd()) : data),
      );
  } catch (error) {
    throw new AppError('bad-input', `--set ${name} is invalid: ${messageOf(error)}.`, { cause: error });
  }
}

/** `network.weights` may also name a run or a model, so it is a path only if such a file exists. */
function resolvePath(path: Path, value: string, place: string): string {
  if (!pathFields.some((field) => field.join('.') === path.join('.'))) return value;
  const resolved = resolve(place, value);
  return path[0] === 'network' && !existsSync(resolved) ? value : resolved;
}

/** The first error, as a sentence that begins with the field's path. */
function firstIssue(error: z.ZodError, schema: z.ZodType, prefix: Path, source: string): AppError {
  const [issue] = error.issues;
  if (!issue) throw error;
  const path = [...prefix, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  const at = (parts: Path): string => parts.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = shortened(issue.keys[0] ?? '');
    const known = fieldsAt(schema, issue.path);
    const hint = known.length > 0 ? ` did you mean "${closest(key, known)}"?` : ' leave it out.';
    return new AppError('bad-input', `${source}: there is no field ${at([...path, key])};${hint}`, {
      details: { field: at([...path, key]) },
    });
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const field = shortened(at(path), 200) || 'the file';
  const reason = shortened(issue.message.charAt(0).toLowerCase() + issue.message.slice(1), 300);
  return new AppError(
    'bad-input',
    missing ? `${source}: ${field} is missing.` : `${source}: ${field} is invalid: ${reason}.`,
    { details: { field: at(path) } },
  );
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
}

/** Names of the fields that the schema has at a path. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node: JsonSchema | undefined = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  for (const part of path) node = typeof part === 'number' ? node?.items : node?.properties?.[String(part)];
  return Object.keys(node?.properties ?? {});
}
