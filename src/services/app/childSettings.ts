import type { ChildOptions } from '../jobs/childProcess.ts';
import type { Home } from './home.ts';
import { engineEnvironment, readSettings } from './settings.ts';

/** How this program starts child processes that compute: with the current settings of its home folder. */
export class ChildSettings {
  readonly #home: Home;
  #givesWay = false;

  constructor(home: Home) {
    this.#home = home;
  }

  /** Gives child processes a low priority from now on, because somebody uses a window. */
  giveWay(): void {
    this.#givesWay = true;
  }

  get options(): Required<Pick<ChildOptions, 'env'>> {
    const wished = process.env['MCIR_GIVE_WAY'] !== undefined;
    return {
      env: {
        ...engineEnvironment(readSettings(this.#home)),
        ...(this.#givesWay && !wished ? { MCIR_GIVE_WAY: '1' } : {}),
      },
    };
  }
}
