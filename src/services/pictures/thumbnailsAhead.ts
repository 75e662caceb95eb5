import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { MadeThumbnail, WantedThumbnail } from '../../shared/thumbnailMessages.ts';

/** The process ends when nothing was wanted for so long. */
const idleMs = 20_000;

/**
 * Makes thumbnails that nobody waits for, in a process that gives way to all others: whoever scrolls meanwhile does not feel
 * it, and a file that ends the process ends nothing else.
 */
export class ThumbnailsAhead {
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** One at a time. @returns undefined where the file is no readable picture */
  make(wanted: WantedThumbnail): Promise<Uint8Array | undefined> {
    const child = (this.#child ??= this.#start());
    clearTimeout(this.#idle);
    return new Promise((resolve) => {
      const answered = ({ body }: MadeThumbnail): void => {
        child.off('message', answered).off('exit', ended).off('error', ended);
        this.#idle = setTimeout(() => this.end(), idleMs).unref();
        resolve(body);
      };
      const ended = (): void => answered({});
      child.on('message', answered).on('exit', ended).on('error', ended);
      child.send(wanted, () => undefined);
    });
  }

  end(): void {
    clearTimeout(this.#idle);
    this.#child?.kill();
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const file = fileURLToPath(new URL('../../workers/thumbnails.ts', import.meta.url));
    const child = fork(file, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
    const gone = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once('exit', gone).once('error', gone);
    // Now, while it has no threads yet: on Linux each takes over the priority of the one that starts it.
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    } catch {
      // Where it is not allowed, thumbnails are made all the same.
    }
    return child;
  }
}
