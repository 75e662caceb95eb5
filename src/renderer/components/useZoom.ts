import { useCallback, useRef, useState, type PointerEvent, type WheelEvent } from 'react';

/** How a picture lies on the stage: screen pixels per picture pixel, and where its left top corner is. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Zoom {
  view: View;
  stage: (element: HTMLDivElement | null) => void;
  width: number;
  height: number;
  fit: () => void;
  /** Zooms about the middle of the stage. */
  to: (scale: number) => void;
  by: (factor: number) => void;
  handlers: { onWheel: (event: WheelEvent) => void; onPointerDown: (event: PointerEvent) => void; onPointerMove: (event: PointerEvent) => void; onPointerUp: () => void; onDoubleClick: () => void };
}

const limits = { smallest: 0.02, largest: 32 };

/**
 * Zoom and pan of a picture of the given size; everything drawn with the same view stays in step. Another picture wants
 * another component (a key), which begins fitted again.
 */
export function useZoom(picture: { width: number; height: number } | undefined): Zoom {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [chosen, setChosen] = useState<View>();
  const observer = useRef<ResizeObserver>(undefined);
  const drag = useRef<{ x: number; y: number; view: View }>(undefined);

  const stage = useCallback((element: HTMLDivElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.current.observe(element);
  }, []);

  const fitted = fitTo(picture, size);
  const view = chosen ?? fitted;

  const zoomAt = (scale: number, x: number, y: number): void => {
    const next = Math.min(limits.largest, Math.max(limits.smallest, scale));
    const factor = next / view.scale;
    setChosen({ scale: next, x: x - (x - view.x) * factor, y: y - (y - view.y) * factor });
  };
  const to = (scale: number): void => zoomAt(scale, size.width / 2, size.height / 2);

  return {
    view,
    stage,
    ...size,
    fit: () => setChosen(undefined),
    to,
    by: (factor) => to(view.scale * factor),
    handlers: {
      onWheel: (event) => {
        const box = event.currentTarget.getBoundingClientRect();
        zoomAt(view.scale * Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
      },
      onPointerDown: (event) => {
        if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, view };
      },
      onPointerMove: (event) => {
        const from = drag.current;
        if (from) setChosen({ scale: from.view.scale, x: from.view.x + event.clientX - from.x, y: from.view.y + event.clientY - from.y });
      },
      onPointerUp: () => {
        drag.current = undefined;
      },
      onDoubleClick: () => (view.scale === fitted.scale ? to(1) : setChosen(undefined)),
    },
  };
}

/** The whole picture in the middle of the stage, never larger than its pixels unless it is tiny. */
function fitTo(picture: { width: number; height: number } | undefined, stage: { width: number; height: number }): View {
  if (!picture || stage.width === 0 || stage.height === 0) return { scale: 1, x: 0, y: 0 };
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height) * 0.98;
  return { scale, x: (stage.width - picture.width * scale) / 2, y: (stage.height - picture.height * scale) / 2 };
}
