import type { Command } from 'commander';
import { ChildSettings } from '../services/app/childSettings.ts';
import { type Home, openHome } from '../services/app/home.ts';
import { openServices, type Services } from '../services/app/openServices.ts';
import type { DeviceChoice } from '../shared/devices.ts';
import { Output } from './output.ts';

/** What every command gets: where to write, and the program's folders and services, opened on first use. */
export class CliContext {
  readonly output = new Output();
  #home: Home | undefined;
  #device: DeviceChoice | undefined;
  #services: Promise<Services> | undefined;
  readonly #closers: (() => void | Promise<void>)[] = [];

  get home(): Home {
    return (this.#home ??= openHome());
  }

  /** Sets the device for restoring; undefined keeps that of the settings. Call it before {@link services}. */
  useDevice(device: DeviceChoice | undefined): void {
    this.#device = device;
  }

  /** How child processes are started. */
  get children(): ChildSettings {
    const children = new ChildSettings(this.home);
    children.useDevice(this.#device);
    return children;
  }

  /** Runs, jobs and their history. */
  services(): Promise<Services> {
    return (this.#services ??= this.#open());
  }

  /** Registers something to be closed when the command ends; the last one is closed first. */
  onClose(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #open(): Promise<Services> {
    const services = await openServices(this.home);
    services.children.useDevice(this.#device);
    this.onClose(() => services.close());
    for (const notice of services.notices) this.output.log(notice);
    return services;
  }
}

/** A command is a file in `commands/` that exports this function, and a line in `commands/index.ts`. */
export type Register = (program: Command, context: CliContext) => void;
