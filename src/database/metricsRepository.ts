import type { Database } from 'better-sqlite3';
import type { MetricLine, MetricRow, MetricSeries, ValidationPicture } from '../shared/runs.ts';

/** All values of all runs, and the pictures of their validations. */
export class MetricRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Stores the values of steps and validations in one transaction, and updates the run's step. Existing values are
   * replaced, so that lines can be read in twice.
   */
  append(run: string, lines: readonly MetricLine[]): void {
    if (lines.length === 0) return;
    this.#db
      .transaction(() => {
        const number = this.#number(run);
        if (number === undefined) return;
        const value = this.#db.prepare('INSERT OR REPLACE INTO metrics (run, name, step, value) VALUES (?, ?, ?, ?)');
        const picture = this.#db.prepare(
          'INSERT OR REPLACE INTO validation_pictures (run, step, name, psnr, ssim, input, restored, target) VALUES (@run, @step, @name, @psnr, @ssim, @input, @restored, @target)',
        );
        let last = 0;
        for (const { step, values, pictures } of lines) {
          for (const name in values) value.run(number, name, step, values[name]);
          for (const one of pictures ?? []) picture.run({ run: number, ...one });
          last = Math.max(last, step);
        }
        this.#db.prepare('UPDATE runs SET step = max(step, ?) WHERE number = ?').run(last, number);
      })
      .immediate();
  }

  /** Deletes everything after a step, because a resumed run does it again. */
  truncate(run: string, step: number): void {
    this.#db
      .transaction(() => {
        const number = this.#number(run);
        if (number === undefined) return;
        for (const { name } of this.#names(number))
          this.#db.prepare('DELETE FROM metrics WHERE run = ? AND name = ? AND step > ?').run(number, name, step);
        this.#db.prepare('DELETE FROM validation_pictures WHERE run = ? AND step > ?').run(number, step);
        this.#db.prepare('UPDATE runs SET step = min(step, ?) WHERE number = ?').run(step, number);
      })
      .immediate();
  }

  /** Complete series in the order of steps: those named, or all. */
  series(run: string, names?: readonly string[], from = 0): MetricSeries[] {
    const number = this.#number(run);
    if (number === undefined) return [];
    const rows = this.#db.prepare<[number, string, number], { step: number; value: number }>(
      'SELECT step, value FROM metrics WHERE run = ? AND name = ? AND step >= ? ORDER BY step',
    );
    return (names ?? this.#names(number).map(({ name }) => name)).map((name) => {
      const found = rows.all(number, name, from);
      return { name, steps: found.map(({ step }) => step), values: found.map(({ value }) => value) };
    });
  }

  /** All values of a run one by one, for export, in the order of steps. */
  *rows(run: string): IterableIterator<MetricRow> {
    const number = this.#number(run);
    if (number !== undefined)
      yield* this.#db
        .prepare<[number], MetricRow>('SELECT step, name, value FROM metrics WHERE run = ? ORDER BY step, name')
        .iterate(number);
  }

  pictures(run: string): ValidationPicture[] {
    return this.#db
      .prepare<[string], ValidationPicture>(
        'SELECT step, name, psnr, ssim, input, restored, target FROM validation_pictures WHERE run = (SELECT number FROM runs WHERE id = ?) ORDER BY step, name',
      )
      .all(run);
  }

  #number(run: string): number | undefined {
    return this.#db.prepare<[string], { number: number }>('SELECT number FROM runs WHERE id = ?').get(run)?.number;
  }

  /** Names of the series, found by jumping through the index instead of reading every value. */
  #names(number: number): { name: string }[] {
    return this.#db
      .prepare<[number, number], { name: string }>(
        `WITH RECURSIVE series (name) AS (
           SELECT min(name) FROM metrics WHERE run = ?
           UNION ALL SELECT (SELECT min(name) FROM metrics WHERE run = ? AND name > series.name) FROM series WHERE name IS NOT NULL)
         SELECT name FROM series WHERE name IS NOT NULL`,
      )
      .all(number, number);
  }
}
