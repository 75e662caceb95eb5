import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type History, openHistory } from '../../../src/database/history.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { importDatasets } from '../../../src/services/datasets/importDatasets.ts';
import { DatasetList } from '../../../src/services/datasets/datasetList.ts';
import type { Dataset } from '../../../src/shared/contract/datasets.ts';
import { newFolder } from '../../cli/program.ts';

let folder: string;
let home: Home;
let history: History;

beforeEach(() => {
  folder = newFolder();
  home = openHome(join(folder, 'home'));
});
afterEach(() => {
  history.db.close();
  rmSync(folder, { recursive: true, force: true });
});

const one = (id: string): Dataset => ({
  id,
  name: `set ${id}`,
  target: '/clean',
  degradations: [],
  scale: 1,
  validation: { share: 0.1, count: 8 },
  created: 5,
});
const ids = (): string[] => history.datasets.list().map(({ id }) => id);

test('the file of an earlier version is read in once, in its order, and kept', () => {
  writeFileSync(join(home.root, 'datasets.json'), JSON.stringify([one('b'), one('a'), { of: 'another version' }]));
  history = openHistory(home);
  expect(importDatasets(home, history)).toEqual([]);
  expect(history.datasets.list()).toEqual([one('b'), one('a')]);
  expect(existsSync(join(home.root, 'datasets.json'))).toBe(false);
  expect(readFileSync(join(home.root, 'datasets.imported.json'), 'utf8')).toContain('another version');
  history.datasets.remove('a');
  // At the next start the kept file is not read again.
  history.db.close();
  history = openHistory(home);
  expect(importDatasets(home, history)).toEqual([]);
  expect(ids()).toEqual(['b']);
});

test.each([
  ['torn', '[{"id": "a"'],
  ['another kind of JSON', '{"datasets": 1}'],
])('a damaged file (%s) is set aside with a sentence, and the program goes on', (_, text) => {
  writeFileSync(join(home.root, 'datasets.json'), text);
  history = openHistory(home);
  expect(importDatasets(home, history)).toEqual([
    expect.stringMatching(/was damaged. It was kept as .*damaged-\d+\.json/),
  ]);
  expect(ids()).toEqual([]);
  expect(readdirSync(home.root).filter((name) => name.startsWith('datasets'))).toEqual([
    expect.stringMatching(/^datasets\.damaged-/),
  ]);
});

test('a database that is set aside as damaged gives its data sets to the new one', () => {
  history = openHistory(home);
  history.datasets.add(one('a'), one('b'));
  // Room behind the data sets, which is then damaged.
  history.db.exec('CREATE TABLE filler (x); CREATE INDEX by_x ON filler (x);');
  history.db.exec(
    'INSERT INTO filler WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT i FROM n',
  );
  history.db.close();
  const file = openSync(home.database, 'r+');
  writeSync(file, Buffer.alloc(40_000, 0x5a), 0, 40_000, 300_000);
  closeSync(file);
  history = openHistory(home);
  expect(history.setAside).toBeDefined();
  importDatasets(home, history);
  expect(ids()).toEqual(['b', 'a']);
});

test('many that are added at once are all kept, and two changes at once are both made', async () => {
  history = openHistory(home);
  const other = openHistory(home);
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      await Promise.resolve();
      (i % 2 ? history : other).datasets.add(one(`d${i}`));
    }),
  );
  expect(ids()).toHaveLength(40);
  const [list, rival] = [new DatasetList(home, history.datasets), new DatasetList(home, other.datasets)];
  for (let i = 0; i < 20; i++) {
    await Promise.all([
      Promise.resolve().then(() => list.change('d0', { name: `n${i}` })),
      Promise.resolve().then(() => rival.change('d0', { degradations: [{ type: 'haze', beta: [1, 1 + i / 10] }] })),
      Promise.resolve().then(() => rival.change('d0', { validation: (kept) => ({ ...kept, count: kept.count + 1 }) })),
    ]);
    expect(list.find('d0')).toMatchObject({
      name: `n${i}`,
      degradations: [{ beta: [1, 1 + i / 10] }],
      validation: { count: 9 + i },
    });
  }
  other.db.close();
  expect(() => list.change('gone', { name: 'x' })).toThrow(/was removed/);
});
