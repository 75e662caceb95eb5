import { readFileSync } from 'node:fs';
import { type BrowserWindow, type Rectangle, screen } from 'electron';
import { z } from 'zod';
import { keepFile } from './keptFile.ts';

const bounds = z.object({ x: z.int(), y: z.int(), width: z.int().min(200), height: z.int().min(200) });
const usual = { width: 1360, height: 860 };
/** At least this much of the window must be on a screen, so that it can be dragged. */
const VISIBLE = 100;

/** The last bounds of the window, without a position if that screen is gone. */
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

/** Stores the bounds of a window that is about to close. If it is maximised, its size before that. */
export function keepBounds(window: BrowserWindow, file: string): void {
  keepFile(file, window.getNormalBounds());
}
