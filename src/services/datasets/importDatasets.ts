import { join } from 'node:path';
import { z } from 'zod';
import { DatasetRepository } from '../../database/datasetRepository.ts';
import type { History } from '../../database/history.ts';
import { openReadOnly } from '../../database/openDatabase.ts';
import { dataset, type Dataset } from '../../shared/contract/datasets.ts';
import type { Home } from '../app/home.ts';
import { readOld, takeOver } from '../app/oldFile.ts';

/** Until version 2 of the database, data sets were in this file of the home folder. */
const OLD = 'datasets.json';
/** What it is called once it was read in. It is kept, but only read where the database is new. */
const READ_IN = 'datasets.imported.json';

/**
 * Brings data sets from where an earlier version, or a database that was damaged, has them into the database. The old file is
 * kept beside it under another name.
 * @returns a sentence where something could not be read
 */
export function importDatasets(home: Pick<Home, 'root'>, { datasets, fresh, setAside }: History): string[] {
  const readIn = join(home.root, READ_IN);
  const taken = takeOver(join(home.root, OLD), readIn, (found) => datasets.add(...datasetsIn(found).reverse()));
  if (typeof taken === 'object')
    return [`The list of data sets was damaged. It was kept as ${taken.damaged}. Import the data sets again.`];
  if (taken === 'none' && fresh) {
    const salvaged = setAside === undefined ? undefined : salvage(setAside);
    datasets.add(...(salvaged ?? datasetsIn(readOld(readIn) ?? [])).reverse());
  }
  return [];
}

/** Newest first. An entry that cannot be read is left out. @throws where it is no list */
const datasetsIn = (found: unknown): Dataset[] =>
  z
    .array(z.unknown())
    .parse(found)
    .flatMap((entry) => dataset.safeParse(entry).data ?? []);

/** What can still be read from a damaged database. */
function salvage(file: string): Dataset[] | undefined {
  try {
    const db = openReadOnly(file);
    try {
      return new DatasetRepository(db).list();
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
}
