import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { History } from '../../database/history.ts';
import { openReadOnly } from '../../database/openDatabase.ts';
import { DatasetRepository } from '../../database/datasetRepository.ts';
import { dataset, type Dataset } from '../../shared/contract/datasets.ts';
import type { Home } from '../app/home.ts';

/** Up to version 2, data sets were stored in this file of the home folder. */
const OLD = 'datasets.json';
/** Its name after it was imported. It is kept, but only read if the database is new. */
const READ_IN = 'datasets.imported.json';
const MAX_BYTES = 50_000_000;

/**
 * Imports data sets from the file of an earlier version, or from a damaged database. The old file is kept under another
 * name.
 * @returns a sentence if something could not be read
 */
export function importDatasets(home: Pick<Home, 'root'>, { datasets, fresh, setAside }: History): string[] {
  const path = join(home.root, OLD);
  if (existsSync(path)) {
    const found = readOld(path);
    if (found) datasets.add(...found.reverse());
    const kept = join(home.root, found ? READ_IN : `datasets.damaged-${Date.now()}.json`);
    renameSync(path, kept);
    if (!found) return [`The list of data sets was damaged. It was kept as ${kept}. Import the data sets again.`];
  } else if (fresh) {
    const salvaged = setAside === undefined ? undefined : salvage(setAside);
    const older = join(home.root, READ_IN);
    datasets.add(...(salvaged ?? (existsSync(older) ? readOld(older) : undefined) ?? []).reverse());
  }
  return [];
}

/** Newest first; undefined if the file is damaged. Unreadable entries are left out. */
function readOld(path: string): Dataset[] | undefined {
  try {
    const status = statSync(path);
    if (!status.isFile() || status.size > MAX_BYTES) return undefined;
    const entries = z.array(z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')));
    return entries.flatMap((entry) => dataset.safeParse(entry).data ?? []);
  } catch {
    return undefined;
  }
}

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
