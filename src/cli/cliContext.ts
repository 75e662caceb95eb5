import type { Command } from 'commander';
import { ChildSettings } from '../services/app/childSettings.ts';
import { type Home, openHome } from '../services/app/home.ts';
import { openServices, type Services } from '../services/app/openServices.ts';
import { Output } from './output.ts';

/** What every command gets: where to write, and the program's folders and services, opened on first use. */
export class CliContext {
  readonly output = new Output();
  #home: Home | undefined;
  #services: Promise<Services> | undefined;
  readonly #closers: (() => void | Promise<void>)[] = [];

  get home(): Home {
    return (this.#home ??= openHome());
  }

  /** How child processes are started. */
  get children(): ChildSettings {
    return new ChildSettings(this.home);
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
    this.onClose(() => services.close());
    for (const notice of services.notices) this.output.log(notice);
    return services;
  }
}

/** A command is a file in `commands/` that exports this function, and a line in `commands/index.ts`. */
export type Register = (program: Command, context: CliContext) => void;
