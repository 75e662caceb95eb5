import { readFileSync } from 'node:fs';
import { type BrowserWindow, type Rectangle, screen } from 'electron';
import { z } from 'zod';
import { keepFile } from './keptFile.ts';

const bounds = z.object({ x: z.int(), y: z.int(), width: z.int().min(200), height: z.int().min(200) });
const usual = { width: 1360, height: 860 };
/** So much of a window has to be on a screen, or it could not be taken hold of. */
const VISIBLE = 100;

/** Where the window was last; without a place where that screen is gone. */
export function keptBounds(file: string): Partial<Rectangle> {
  let kept: Rectangle;
  try {
    kept = bounds.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return usual;
  }
  const { workArea } = screen.getDisplayMatching(kept);
  const right = Math.min(kept.x + kept.width, workArea.x + workArea.width);
  const left = Math.max(kept.x, workArea.x);
  const isInSight = right - left >= VISIBLE && kept.y >= workArea.y && kept.y < workArea.y + workArea.height - VISIBLE;
  return isInSight ? kept : { width: kept.width, height: kept.height };
}

/** Keeps where the window is whenever it was moved or resized; the size before it was made as large as the screen. */
export function keepBounds(window: BrowserWindow, file: string): void {
  window.on('close', () => keepFile(file, window.getNormalBounds()));
}
