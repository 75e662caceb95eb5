import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { AppError } from '../../shared/errors.ts';
import { slugOf } from '../../shared/ids.ts';
import { type FinalFigures, finalFigures, type StudyPlan, studyPlan } from '../../shared/studies.ts';
import { type Travel, travel } from '../../shared/travel.ts';

/**
 * The folders of all studies. Each holds a plan, which is written once and never changed; the final pairs; and the
 * final results of each training.
 */
export class StudyFolders {
  readonly #root: string;

  /** @param home the program's data folder */
  constructor(home: string) {
    this.#root = join(home, 'studies');
    mkdirSync(this.#root, { recursive: true });
  }

  path(id: string): string {
    return join(this.#root, id);
  }

  /** Newest first. */
  list(): StudyPlan[] {
    return readdirSync(this.#root)
      .filter((id) => existsSync(join(this.#root, id, 'plan.json')))
      .map((id) => this.plan(id))
      .sort((a, b) => b.created - a.created);
  }

  /** @throws AppError `not-found` */
  plan(id: string): StudyPlan {
    const file = join(this.path(id), 'plan.json');
    if (!/^[a-z0-9-]+$/.test(id) || !existsSync(file))
      throw new AppError('not-found', `There is no study "${id}". List the studies with \`mcir study list\`.`);
    const plan = studyPlan.parse(JSON.parse(readFileSync(file, 'utf8')));
    const at = (side: string): string => join(this.path(id), 'final', side);
    // The data folder may have been moved.
    return { ...plan, final: { ...plan.final, input: at('input'), target: at('target') } };
  }

  /** How a study reaches other machines; `place` is the folder that holds the shared folders of its trainings. */
  travel(id: string): Travel | undefined {
    const file = join(this.path(id), 'travel.json');
    return existsSync(file) ? travel.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  }

  /** Lets other machines do the trainings of a study from its next start on. */
  setTravel(id: string, travel: Travel): void {
    writeFileAtomic(join(this.path(id), 'travel.json'), JSON.stringify(travel));
  }

  /** When the final pictures were opened, and the results so far. */
  figures(id: string): { opened: number | undefined; figures: FinalFigures[] } {
    const folder = join(this.path(id), 'figures');
    const opened = join(folder, 'opened.json');
    if (!existsSync(opened)) return { opened: undefined, figures: [] };
    const figures = readdirSync(folder)
      .filter((name) => /^\d+\.json$/.test(name))
      .sort((a, b) => parseInt(a) - parseInt(b))
      .map((name) => finalFigures.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
    return { opened: (JSON.parse(readFileSync(opened, 'utf8')) as { at: number }).at, figures };
  }

  /** A free folder name for a new study. */
  freeId(name: string): string {
    const plain = slugOf(name, 40, 'study');
    for (let number = 1; ; number++) {
      const id = number === 1 ? plain : `${plain}-${number}`;
      if (!existsSync(this.path(id))) return id;
    }
  }
}
