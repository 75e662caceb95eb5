import type { Page } from '@playwright/test';

/** How smoothly the page ran in the meantime. */
export interface Smoothness {
  seconds: number;
  framesPerSecond: number;
  /** Longest time between two frames, in ms. */
  longestFrameMs: number;
  /** Tasks over 50 ms, which Chromium calls long, and the longest of them. */
  longTasks: number;
  longestTaskMs: number;
}

interface Watch {
  frames: number[];
  tasks: number[];
  end: () => void;
}

/** Counts frames and long tasks of the page during an action. */
export async function watchFrames(page: Page, act: () => Promise<unknown>): Promise<Smoothness> {
  const watch = await page.evaluateHandle((): Watch => {
    const frames: number[] = [];
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) =>
      list.getEntries().forEach(({ duration }) => tasks.push(duration)),
    );
    observer.observe({ entryTypes: ['longtask'] });
    let watching = true;
    const frame = (now: number): void => {
      frames.push(now);
      if (watching) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return {
      frames,
      tasks,
      end: () => {
        observer.takeRecords().forEach(({ duration }) => tasks.push(duration));
        observer.disconnect();
        watching = false;
      },
    };
  });
  await act();
  const { frames, tasks } = await watch.evaluate((found) => {
    found.end();
    return { frames: found.frames, tasks: found.tasks };
  });
  const gaps = frames.slice(1).map((at, i) => at - (frames[i] ?? at));
  const seconds = ((frames.at(-1) ?? 0) - (frames[0] ?? 0)) / 1000;
  return {
    seconds,
    framesPerSecond: gaps.length / seconds,
    longestFrameMs: Math.max(0, ...gaps),
    longTasks: tasks.length,
    longestTaskMs: Math.max(0, ...tasks),
  };
}
