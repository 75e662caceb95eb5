import { app, dialog } from 'electron';
import type { Host } from './host.ts';
import { fill, type Texts } from './texts.ts';

/**
 * Every end of the program goes through here. It saves running work first, and then exits without asking the page, which may
 * not answer.
 *
 * No box here may hold the program up. `dialog.showErrorBox`, which Electron also uses for uncaught errors, stops the main
 * process until somebody closes it; no signal is heard then.
 */
export class Ending {
  readonly #host: Pick<Host, 'close'>;
  readonly #texts: () => Texts;
  readonly #beforeExit: () => void;
  #end: Promise<void> | undefined;
  #isTelling = false;

  /** @param beforeExit called when the work is saved */
  constructor(host: Pick<Host, 'close'>, texts: () => Texts, beforeExit: () => void) {
    this.#host = host;
    this.#texts = texts;
    this.#beforeExit = beforeExit;
  }

  /** Whether the program is ending. */
  get hasBegun(): boolean {
    return this.#end !== undefined;
  }

  /** Saves and exits, once; a later call only waits for that. */
  end(code = 0): Promise<void> {
    this.#end ??= this.#host.close().finally(() => {
      this.#beforeExit();
      app.exit(code);
    });
    return this.#end;
  }

  /** Shows why the program cannot go on, then ends it with code 1. Does nothing if it is ending already. */
  async fail(message: string): Promise<void> {
    if (this.hasBegun) return;
    await app.whenReady();
    await dialog.showMessageBox({ type: 'error', message, buttons: [this.#texts().ok] });
    await this.end(1);
  }

  /** Shows an uncaught error; the program goes on. One box at a time, because such errors can come in large numbers. */
  async tell(error: Error): Promise<void> {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    if (this.hasBegun || this.#isTelling) return;
    this.#isTelling = true;
    await app.whenReady();
    const t = this.#texts();
    const message = fill(t.unexpected, { message: `${error.message.replace(/[.\s]*$/, '')}.` });
    await dialog.showMessageBox({ type: 'error', message, buttons: [t.ok] });
    this.#isTelling = false;
  }
}
