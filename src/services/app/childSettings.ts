import type { ChildOptions, ChildPriority } from '../jobs/childProcess.ts';
import type { Home } from './home.ts';
import { engineEnvironment, readSettings } from './settings.ts';

/** How this program starts child processes that compute: with the settings of its home folder, as they are at that moment. */
export class ChildSettings {
  readonly #home: Home;
  #priority: ChildPriority = 'normal';

  constructor(home: Home) {
    this.#home = home;
  }

  /** From now on child processes give way to other programs: somebody uses a window meanwhile. */
  giveWay(): void {
    this.#priority = 'background';
  }

  get options(): Pick<ChildOptions, 'env' | 'priority'> {
    return { env: engineEnvironment(readSettings(this.#home)), priority: this.#priority };
  }
}
