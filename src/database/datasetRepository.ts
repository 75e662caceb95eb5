import type { Database } from 'better-sqlite3';
import { type Dataset, dataset } from '../shared/contract/datasets.ts';

/** The fields of a data set that can be changed. */
export type DatasetChange = Partial<Pick<Dataset, 'name' | 'degradations'>> & {
  /** Computed from the stored value, so that two changes at once lose nothing. */
  validation?: (kept: Dataset['validation']) => Dataset['validation'];
};

interface Row {
  id: string;
  name: string;
  target: string;
  input: string | null;
  degradations: string;
  scale: number;
  validation: string;
  created: number;
}

/** The imported data sets. Several programs may change them at once. */
export class DatasetRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Newest first. Entries of a newer version that this one cannot read are left out. */
  list(): Dataset[] {
    return this.#db
      .prepare<[], Row>('SELECT * FROM datasets ORDER BY number DESC')
      .all()
      .flatMap((row) => fromRow(row) ?? []);
  }

  find(id: string): Dataset | undefined {
    const row = this.#db.prepare<[string], Row>('SELECT * FROM datasets WHERE id = ?').get(id);
    return row && fromRow(row);
  }

  /** Adds data sets, the last one as the newest. One whose id exists is not changed. */
  add(...datasets: readonly Dataset[]): void {
    const insert = this.#db.prepare(
      'INSERT INTO datasets (id, name, target, input, degradations, scale, validation, created) VALUES (@id, @name, @target, @input, @degradations, @scale, @validation, @created) ON CONFLICT (id) DO NOTHING',
    );
    this.#db.transaction(() => datasets.forEach((one) => insert.run(toRow(one)))).immediate();
  }

  /** Changes some fields, whatever else is changed at the same time. @returns undefined if it was removed */
  change(id: string, { validation, ...fields }: DatasetChange): Dataset | undefined {
    return this.#db
      .transaction(() => {
        const found = this.find(id);
        if (!found) return undefined;
        const next = { ...found, ...fields, ...(validation ? { validation: validation(found.validation) } : {}) };
        this.#db
          .prepare(
            'UPDATE datasets SET name = @name, degradations = @degradations, validation = @validation WHERE id = @id',
          )
          .run(toRow(next));
        return next;
      })
      .immediate();
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM datasets WHERE id = ?').run(id);
  }
}

const toRow = ({ degradations, validation, input, created, ...rest }: Dataset): Row => ({
  ...rest,
  input: input ?? null,
  degradations: JSON.stringify(degradations),
  validation: JSON.stringify(validation),
  created: Math.round(created),
});

function fromRow({ input, degradations, validation, ...rest }: Row): Dataset | undefined {
  return dataset.safeParse({
    ...rest,
    ...(input === null ? {} : { input }),
    degradations: JSON.parse(degradations) as unknown,
    validation: JSON.parse(validation) as unknown,
  }).data;
}
