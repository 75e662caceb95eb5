import { type RefObject, useEffect } from 'react';
import type { Zoom } from './useZoom.ts';

/**
 * Zooms with the wheel over a stage. React listens passively, and then the browser would zoom or scroll the whole page too.
 * @param wanted which turns are for the stage; the page has the others
 */
export function useWheelZoom(
  stage: RefObject<Element | null>,
  { onWheel }: Zoom,
  wanted: (event: WheelEvent, stage: Element) => boolean = always,
): void {
  useEffect(() => {
    const element = stage.current;
    const zoom = (event: Event): void => {
      if (!(event instanceof WheelEvent) || !element || !wanted(event, element)) return;
      event.preventDefault();
      onWheel(event);
    };
    element?.addEventListener('wheel', zoom, { passive: false });
    return () => element?.removeEventListener('wheel', zoom);
  }, [stage, onWheel, wanted]);
}

const always = (): boolean => true;
