import { useEffect, useState, type RefObject } from 'react';

/** What is in sight for less than so many ms while somebody scrolls is passed by. */
const glimpse = 150;
/** So many ms after the last movement nothing moves any more. */
const rest = 100;

/** Whether somebody scrolls so fast that each thing is in sight for a moment only: then nothing need be fetched for it. */
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
