import { useEffect, useState, type RefObject } from 'react';

/** An item that stays visible for less than this many milliseconds counts as scrolled past. */
const glimpse = 150;
/** Scrolling has stopped this many milliseconds after the last movement. */
const rest = 100;

/** Whether the user is scrolling so fast that loading thumbnails is pointless. */
export function usePassingBy(scroller: RefObject<HTMLElement | null>): boolean {
  const [passing, setPassing] = useState(false);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    let last = { at: performance.now(), top: element.scrollTop };
    let resting: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      const now = { at: performance.now(), top: element.scrollTop };
      setPassing(Math.abs(now.top - last.top) * glimpse > element.clientHeight * (now.at - last.at));
      last = now;
      clearTimeout(resting);
      resting = setTimeout(() => setPassing(false), rest);
    };
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      element.removeEventListener('scroll', look);
      clearTimeout(resting);
    };
  }, [scroller]);
  return passing;
}
