import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { calls, type CallName } from '../../src/shared/contract.ts';
import { handle, recordId } from '../../src/shared/contract/common.ts';
import { openWeb, type OpenWeb } from './open.ts';

/** Every field of every call that names a file, a folder or a record, filled with what leads elsewhere; found in the contract by itself. */

interface Schema {
  type?: string;
  pattern?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  minItems?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
}

const jsonOf = (schema: z.ZodType): Schema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
const looks = { handle: jsonOf(handle), record: jsonOf(recordId) };
const isHandle = ({ pattern }: Schema): boolean => pattern === looks.handle.pattern;
const isRecord = ({ type, minLength, maxLength, pattern }: Schema): boolean =>
  type === 'string' &&
  pattern === undefined &&
  minLength === looks.record.minLength &&
  maxLength === looks.record.maxLength;

/** Paths of the fields of a schema that name something, through objects, lists and choices. */
function namingFields(schema: Schema, path: string[] = []): string[][] {
  if (isHandle(schema) || isRecord(schema)) return [path];
  const inside = [
    ...Object.entries(schema.properties ?? {}).map(([name, field]): [string, Schema] => [name, field]),
    ...(schema.items ? [['0', schema.items] as [string, Schema]] : []),
    ...(schema.anyOf ?? []).map((choice, index): [string, Schema] => [`|${index}`, choice]),
  ];
  return inside.flatMap(([name, field]) => namingFields(field, [...path, name]));
}

/** A value that the schema takes, with `given` at the path and nothing more than it must have. */
function valueOf(schema: Schema, path: string[] | undefined, given: string): unknown {
  if (path?.length === 0) return given;
  const [next = '', ...rest] = path ?? [];
  if (schema.anyOf)
    return valueOf(
      schema.anyOf[next.startsWith('|') ? Number(next.slice(1)) : 0] ?? {},
      next.startsWith('|') ? rest : path,
      given,
    );
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined && path === undefined) return schema.default;
  if (schema.type === 'object') {
    const names = new Set([...(schema.required ?? []), ...(path ? [next] : [])]);
    return Object.fromEntries(
      [...names].map((name) => [
        name,
        valueOf(schema.properties?.[name] ?? {}, path && name === next ? rest : undefined, given),
      ]),
    );
  }
  if (schema.type === 'array') {
    if (schema.prefixItems) return schema.prefixItems.map((item) => valueOf(item, undefined, given));
    return Array.from({ length: Math.max(schema.minItems ?? 0, path ? 1 : 0) }, (_, index) =>
      valueOf(schema.items ?? {}, path && index === 0 ? rest : undefined, given),
    );
  }
  if (schema.type === 'boolean') return false;
  if (schema.type === 'number' || schema.type === 'integer')
    return schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : schema.exclusiveMinimum + 0.5);
  return isHandle(schema) ? 'A'.repeat(22) : 'x'.repeat(schema.minLength ?? 1);
}

const fields = (Object.keys(calls) as CallName[]).flatMap((name) => {
  const schema = jsonOf(calls[name].input);
  return namingFields(schema).map((path) => ({
    name,
    path,
    schema,
    title: `${name} ${path.filter((part) => !part.startsWith('|')).join('.')}`,
  }));
});

const traversals = [
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  '%2e%2e%2fetc%2fpasswd',
  '..\\..\\windows',
  'C:\\windows',
  'file:///etc/passwd',
  'a\u0000b',
  '../web-token',
  '',
  '~',
];
/** As long as an id, and never given out. */
const foreign = ['A'.repeat(22), '_'.repeat(22), '-'.repeat(22)];

let web: OpenWeb;
beforeAll(async () => {
  web = await openWeb();
});
afterAll(() => web.close());

describe('ids that lead elsewhere', () => {
  test('the contract has handles and record ids in many calls, so this tests something', () => {
    expect(fields.length).toBeGreaterThan(40);
    for (const title of [
      'restore.collect places.0',
      'places.list folder',
      'batches.start effect.mask',
      'app.reveal place',
      'models.remove model',
      'datasets.change validation.target',
    ])
      expect(fields.map((field) => field.title)).toContain(title);
  });

  test.each(fields)('$title', async ({ name, path, schema }) => {
    for (const id of [...traversals, ...foreign]) {
      const { status, body } = await web.send(
        'POST',
        `/api/${name}`,
        web.own(),
        JSON.stringify(valueOf(schema, path, id)),
      );
      // A record that is not there may also simply have nothing to be done to it, and is not among the known ones.
      if (!['{"value":{}}', '{"value":{"pictures":[]}}'].includes(body))
        expect([400, 404], `${id}: ${body}`).toContain(status);
      expect(body).not.toContain(web.secrets.cookie);
      expect(body).not.toContain('root:');
    }
  });

  test('a folder or a preset cannot be given a name that leads elsewhere', async () => {
    const folder = web.studio.handles.issue(web.folder);
    for (const name of ['..', '../out', 'a/b', '/tmp/out', 'a\\b', 'a\u0000b']) {
      expect(
        (await web.send('POST', '/api/places.create', web.own(), JSON.stringify({ folder, name }))).status,
        name,
      ).toBe(400);
      const preset = { name, models: ['x'], effect: {} };
      expect([400, 404]).toContain(
        (await web.send('POST', '/api/restore.savePreset', web.own(), JSON.stringify(preset))).status,
      );
      expect([400, 404]).toContain(
        (await web.send('POST', '/api/restore.removePreset', web.own(), JSON.stringify({ name }))).status,
      );
    }
  });

  test.each(['training.start', 'training.estimate'])(
    '%s takes no folder and no weights that nobody was shown',
    async (name) => {
      const data = { train: { target: web.folder } };
      for (const config of [
        { network: { type: 'edsr' }, data },
        { network: { type: 'edsr' }, data: { train: { target: '' }, validation: { target: web.folder } } },
        { network: { type: 'edsr', weights: '/etc/passwd' }, data: { train: { target: '' } } },
        { network: { type: 'edsr', weights: 'package.json' }, data: { train: { target: '' } } },
      ]) {
        expect((await web.send('POST', `/api/${name}`, web.own(), JSON.stringify({ config }))).status).toBe(404);
      }
    },
  );

  test('nothing was made, changed or removed meanwhile', async () => {
    const names = (await readdir(web.folder)).filter((name) => !name.startsWith('mcir.sqlite'));
    expect(names.sort()).toEqual(['cache', 'features', 'logs', 'models', 'presets', 'reports', 'runs', 'studies']);
    for (const empty of ['models', 'runs', 'presets', 'studies'])
      expect(await readdir(join(web.folder, empty))).toEqual([]);
  });
});
