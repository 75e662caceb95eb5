import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import type { Finding, Verdicts } from '../../core/inference/backends/choose.ts';
import { verdict, type Verdict } from '../../shared/devices.ts';
import type { Home } from '../app/home.ts';
import { programVersion } from '../app/version.ts';

/** The folder for findings in a home's cache. */
export const findingsIn = ({ cache }: Pick<Home, 'cache'>): string => join(cache, 'backends');

/** Deletes all findings, so that every backend is compared and timed again. */
export const forgetFindings = (home: Pick<Home, 'cache'>): void =>
  rmSync(findingsIn(home), { recursive: true, force: true });

/**
 * Findings about models and backends of this computer: a small file per finding, in the cache folder. Several programs
 * may write at once. Findings from another version of the program, or with other graphics adapters or drivers, are not
 * valid any more.
 */
export class VerdictStore {
  readonly #folder: string;
  readonly #graphics: string;

  /**
   * @param folder see {@link findingsIn}
   * @param graphics the adapters with their drivers, see services/app/graphics.ts
   */
  constructor(folder: string, graphics: string) {
    this.#folder = folder;
    this.#graphics = graphics;
  }

  /** All valid findings, newest last. */
  all(): Verdict[] {
    return this.#read().filter(({ version, graphics }) => version === programVersion && graphics === this.#graphics);
  }

  /** The findings about one model, by the SHA-256 of its file. */
  of(model: string, title: string): Verdicts {
    // Read once, so that a picture is restored with the same choice throughout, whatever another program finds out
    // meanwhile.
    // A device that is missing is missing for every model.
    const known = this.all().filter((each) => each.model === model || each.distrust === 'absent');
    return {
      find: (backend, { width, height }) =>
        known.findLast(
          (each) =>
            each.backend === backend &&
            (each.distrust === 'absent' || (each.width === width && each.height === height)),
        ),
      about: (backend) => known.filter((each) => each.backend === backend),
      keep: (backend, finding) => {
        // Another program may have been first: both must make the same choice.
        const earlier = this.all().find(
          (each) =>
            each.model === model &&
            each.backend === backend &&
            each.width === finding.width &&
            each.height === finding.height,
        );
        const kept =
          earlier && earlier.distrust === finding.distrust
            ? earlier
            : this.#made({ ...finding, backend, model, title });
        known.push(kept);
        if (kept !== earlier) this.#write(kept);
      },
    };
  }

  #made(found: Finding & Pick<Verdict, 'backend' | 'model' | 'title'>): Verdict {
    return { ...found, graphics: this.#graphics, version: programVersion, when: Date.now() };
  }

  #write(found: Verdict): void {
    const { model, backend, graphics, version, width, height } = found;
    const key = createHash('sha256')
      .update([model, backend, graphics, version, width, height].join('\0'))
      .digest('hex');
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileAtomic(join(this.#folder, `${key.slice(0, 32)}.json`), JSON.stringify(found));
    } catch {
      // If the cache cannot be written, it is measured again next time.
    }
  }

  #read(): Verdict[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder).filter((name) => name.endsWith('.json'));
    } catch {
      return [];
    }
    return names
      .flatMap((name) => {
        try {
          return [verdict.parse(JSON.parse(readFileSync(join(this.#folder, name), 'utf8')))];
        } catch {
          return [];
        }
      })
      .sort((a, b) => a.when - b.when);
  }
}
