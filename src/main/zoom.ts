import type { BrowserWindow } from 'electron';

const STEP = 1.1;
const SMALLEST = 0.6;
const LARGEST = 3;

/** The zoom of the whole window. It is limited so that the page keeps the width that it needs. */
export class Zoom {
  readonly #window: BrowserWindow;
  readonly #minWidth: number;
  #wanted = 1;

  /** @param minWidth the width in pixels of the page below which buttons are cut off */
  constructor(window: BrowserWindow, minWidth: number) {
    this.#window = window;
    this.#minWidth = minWidth;
    window.on('resize', () => this.#apply());
  }

  change(how: 'in' | 'out' | 'reset'): void {
    const factor = { in: STEP, out: 1 / STEP, reset: 1 / this.#wanted }[how];
    this.#wanted = Math.min(this.#most(), Math.max(SMALLEST, this.#wanted * factor));
    this.#apply();
  }

  #most(): number {
    const [width = this.#minWidth] = this.#window.getContentSize();
    return Math.min(LARGEST, Math.max(1, width / this.#minWidth));
  }

  #apply(): void {
    this.#window.webContents.setZoomFactor(Math.min(this.#wanted, this.#most()));
  }
}
