import type { Database } from 'better-sqlite3';
import { type Settings, type SettingsChange, settingsFrom } from '../shared/settings.ts';

interface Row {
  name: string;
  value: string;
}

/** The settings of the program. Several programs may change them at once: each setting is a row of its own. */
export class SettingsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Settings that were never chosen, or that cannot be read, have their defaults. */
  read(): Settings {
    const rows = this.#db.prepare<[], Row>('SELECT name, value FROM settings').all();
    return settingsFrom(Object.fromEntries(rows.map(({ name, value }) => [name, parsed(value)])));
  }

  /** Keeps what was chosen, whatever else is changed at the same time. @returns all settings afterwards */
  change(change: SettingsChange & Pick<Partial<Settings>, 'machines'>): Settings {
    const keep = this.#db.prepare(
      'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
    return this.#db
      .transaction(() => {
        for (const [name, value] of Object.entries(change))
          if (value !== undefined) keep.run(name, JSON.stringify(value));
        return this.read();
      })
      .immediate();
  }

  /** Adds what an earlier version kept. A setting that was chosen since then stays as it is. */
  add(found: Partial<Settings>): void {
    const keep = this.#db.prepare('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING');
    this.#db
      .transaction(() => {
        for (const [name, value] of Object.entries(found)) keep.run(name, JSON.stringify(value));
      })
      .immediate();
  }
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
