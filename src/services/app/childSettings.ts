import type { ChildOptions } from '../jobs/childProcess.ts';
import type { Home } from './home.ts';
import type { DeviceChoice } from '../../shared/devices.ts';
import { findingsIn } from '../restoring/verdictStore.ts';
import { deviceEnvironment, engineEnvironment, readSettings } from './settings.ts';

/** Starts child processes that compute, with the current settings of the home folder. */
export class ChildSettings {
  readonly #home: Home;
  #givesWay = false;
  #device: DeviceChoice | undefined;

  constructor(home: Home) {
    this.#home = home;
  }

  /** Gives child processes a low priority from now on, because somebody uses a window. */
  giveWay(): void {
    this.#givesWay = true;
  }

  /** The device for restoring that was chosen at this start; it overrides the settings. */
  useDevice(device: DeviceChoice | undefined): void {
    this.#device = device;
  }

  get options(): Required<Pick<ChildOptions, 'env'>> {
    const wished = process.env['MCIR_GIVE_WAY'] !== undefined;
    return {
      env: {
        ...engineEnvironment(readSettings(this.#home)),
        MCIR_FINDINGS: findingsIn(this.#home),
        ...(this.#device === undefined ? {} : deviceEnvironment(this.#device)),
        ...(this.#givesWay && !wished ? { MCIR_GIVE_WAY: '1' } : {}),
      },
    };
  }
}
