import { join } from 'node:path';
import { z } from 'zod';
import { DatasetRepository } from '../../database/datasetRepository.ts';
import type { History } from '../../database/history.ts';
import { openReadOnly } from '../../database/openDatabase.ts';
import { dataset, type Dataset } from '../../shared/contract/datasets.ts';
import type { Home } from '../app/home.ts';
import { readOld, takeOver } from '../app/oldFile.ts';

/** Up to version 2 of the database, data sets were stored in this file of the home folder. */
const OLD = 'datasets.json';
/** Its name after it was imported. It is kept, but only read if the database is new. */
const READ_IN = 'datasets.imported.json';

/**
 * Imports data sets from the file of an earlier version, or from a damaged database. The old file is kept under another
 * name.
 * @returns a sentence if something could not be read
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

/** Newest first. Unreadable entries are left out. @throws if it is not a list */
const datasetsIn = (found: unknown): Dataset[] =>
  z
    .array(z.unknown())
    .parse(found)
    .flatMap((entry) => dataset.safeParse(entry).data ?? []);

/** The data sets that can still be read from a damaged database. */
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
