import { type RefObject, useEffect } from 'react';
import type { Zoom } from './useZoom.ts';

/**
 * Zooms a stage with the wheel. React registers wheel listeners as passive, which would let the browser zoom or scroll
 * the whole page as well.
 * @param wanted which wheel events are for the stage; the page gets the others
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
