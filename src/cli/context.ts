import type { Command } from 'commander';
import { type Home, openHome } from '../services/home.ts';
import { Output } from './output.ts';

/** What every command is given: where to write, and the program's folders and services, opened when first asked for. */
export class CliContext {
  readonly output = new Output();
  #home: Home | undefined;
  readonly #closers: (() => void | Promise<void>)[] = [];

  get home(): Home {
    return (this.#home ??= openHome());
  }

  /** Has something closed when the command has ended, last first. */
  onClose(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** A command is a file in `commands/` that exports this function, and a line in `commands/index.ts`. */
export type Register = (program: Command, context: CliContext) => void;
