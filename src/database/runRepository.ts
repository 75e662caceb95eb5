import type { Database } from 'better-sqlite3';
import type { WireError } from '../shared/errors.ts';
import type { JobState } from '../shared/jobs.ts';
import type { RunFacts, RunSummary } from '../shared/runs.ts';

/** Properties that a run has from its start; the rest of its summary comes from its job and its metrics. */
export interface NewRun {
  id: string;
  /** YAML. */
  config: string;
  network: string;
  negatives: number;
  seed: number;
  steps: number;
  step: number;
  note: string;
  tags: readonly string[];
  facts?: RunFacts;
}

interface SummaryRow {
  id: string;
  name: string;
  state: JobState;
  created: number;
  changed: number;
  error: string | null;
  step: number;
  steps: number;
  network: string;
  negatives: number;
  seed: number;
  note: string;
  tags: string | null;
  best_step: number | null;
  best_psnr: number | null;
  best_ssim: number | null;
  psnr_before: number | null;
}

/** The best validation is the first one with the highest PSNR, like the best checkpoint. */
const summaries = `
  SELECT runs.id, jobs.title AS name, jobs.state, jobs.created, jobs.changed, jobs.error, runs.step, runs.steps,
    runs.network, runs.negatives, runs.seed, runs.note,
    (SELECT json_group_array(tag ORDER BY tag) FROM run_tags WHERE run = runs.number) AS tags,
    best.step AS best_step, best.value AS best_psnr, ssim.value AS best_ssim, before.value AS psnr_before
  FROM runs JOIN jobs ON jobs.id = runs.id
  LEFT JOIN metrics best ON best.run = runs.number AND best.name = 'psnr' AND best.step =
    (SELECT step FROM metrics WHERE run = runs.number AND name = 'psnr' ORDER BY value DESC, step LIMIT 1)
  LEFT JOIN metrics ssim ON ssim.run = runs.number AND ssim.name = 'ssim' AND ssim.step = best.step
  LEFT JOIN metrics before ON before.run = runs.number AND before.name = 'psnr' AND before.step = 0`;

/** Training runs: configuration, facts, notes and tags. */
export class RunRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Adds a run; its job (with the same id) exists already. */
  add(run: NewRun): void {
    this.#db
      .prepare(
        'INSERT INTO runs (id, config, network, negatives, seed, steps, step, facts, note) VALUES (@id, @config, @network, @negatives, @seed, @steps, @step, @facts, @note)',
      )
      .run({ ...run, facts: run.facts ? JSON.stringify(run.facts) : null });
    this.setTags(run.id, run.tags);
  }

  /** Newest first. */
  list(): RunSummary[] {
    return this.#db
      .prepare<[], SummaryRow>(`${summaries} ORDER BY jobs.created DESC, runs.number DESC`)
      .all()
      .map(toSummary);
  }

  find(id: string): RunSummary | undefined {
    const row = this.#db.prepare<[string], SummaryRow>(`${summaries} WHERE runs.id = ?`).get(id);
    return row && toSummary(row);
  }

  /** Runs of this name, newest first. */
  named(name: string): RunSummary[] {
    return this.#db
      .prepare<[string], SummaryRow>(`${summaries} WHERE jobs.title = ? ORDER BY jobs.created DESC, runs.number DESC`)
      .all(name)
      .map(toSummary);
  }

  /** The configuration (YAML) and the facts recorded by the worker. */
  record(id: string): { config: string; facts?: RunFacts } | undefined {
    const row = this.#db
      .prepare<[string], { config: string; facts: string | null }>('SELECT config, facts FROM runs WHERE id = ?')
      .get(id);
    return row && { config: row.config, ...(row.facts === null ? {} : { facts: JSON.parse(row.facts) as RunFacts }) };
  }

  setConfig(id: string, config: string, steps: number): void {
    this.#db.prepare('UPDATE runs SET config = ?, steps = ? WHERE id = ?').run(config, steps, id);
  }

  setFacts(id: string, facts: RunFacts): void {
    this.#db.prepare('UPDATE runs SET facts = ? WHERE id = ?').run(JSON.stringify(facts), id);
  }

  setNote(id: string, note: string): void {
    this.#db.prepare('UPDATE runs SET note = ? WHERE id = ?').run(note, id);
  }

  setTags(id: string, tags: readonly string[]): void {
    this.#db
      .transaction(() => {
        this.#db.prepare('DELETE FROM run_tags WHERE run = (SELECT number FROM runs WHERE id = ?)').run(id);
        const insert = this.#db.prepare(
          'INSERT OR IGNORE INTO run_tags (run, tag) SELECT number, ? FROM runs WHERE id = ?',
        );
        for (const tag of tags) insert.run(tag, id);
      })
      .immediate();
  }
}

function toSummary({ error, tags, best_step, best_psnr, best_ssim, psnr_before, ...row }: SummaryRow): RunSummary {
  return {
    ...row,
    tags: JSON.parse(tags ?? '[]') as string[],
    ...(error === null ? {} : { error: JSON.parse(error) as WireError }),
    ...(best_step === null || best_psnr === null
      ? {}
      : { best: { step: best_step, psnr: best_psnr, ssim: best_ssim ?? 0 } }),
    ...(psnr_before === null ? {} : { psnrBefore: psnr_before }),
  };
}
