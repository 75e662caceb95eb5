import { thumbnailContract, type WantedThumbnail } from '../../shared/thumbnailMessages.ts';
import { type Child, startChild } from '../jobs/childProcess.ts';

/** The process ends when nothing was wanted for so long. */
const idleMs = 20_000;

/**
 * Makes thumbnails that nobody waits for, in a process that gives way to all others: whoever scrolls meanwhile does not feel
 * it, and a file that ends the process ends nothing else.
 */
export class ThumbnailsAhead {
  #child: Child<typeof thumbnailContract> | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** One at a time. @returns undefined where the file is no readable picture */
  async make(wanted: WantedThumbnail): Promise<Uint8Array | undefined> {
    if (!this.#child || this.#child.hasEnded) this.#child = startChild(thumbnailContract, { priority: 'idle' });
    clearTimeout(this.#idle);
    const made = await this.#child.ask('make', wanted).catch(() => undefined);
    this.#idle = setTimeout(() => this.end(), idleMs).unref();
    return made?.body;
  }

  end(): void {
    clearTimeout(this.#idle);
    void this.#child?.end();
    this.#child = undefined;
  }
}
