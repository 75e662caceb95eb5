import { useCallback, useRef, useState, type MouseEvent, type PointerEvent } from 'react';

/** Position of a picture on the stage: screen pixels per picture pixel, and its top left corner. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Zoom {
  view: View;
  /** Ref of the measured element. */
  stage: (element: HTMLDivElement | null) => void;
  /** Size of the stage. */
  width: number;
  height: number;
  fit: () => void;
  /** Zooms around the centre of the stage. */
  to: (scale: number) => void;
  by: (factor: number) => void;
  /** Switches between the whole picture and 1:1. */
  toggle: () => void;
  /** Moves the picture by a number of screen pixels. */
  pan: (x: number, y: number) => void;
  onWheel: (event: WheelEvent) => void;
  handlers: {
    onPointerDown: (event: PointerEvent) => void;
    onPointerMove: (event: PointerEvent) => void;
    onPointerUp: () => void;
    onDoubleClick: (event: MouseEvent) => void;
  };
}

const limits = { smallest: 0.02, largest: 32 };
/** Handles on the picture handle their own dragging. */
const onHandle = (event: { target: EventTarget }): boolean =>
  event.target instanceof Element && event.target.closest('[role="slider"]') !== null;

/**
 * Zoom and pan of a picture of the given size. Everything drawn with the same view moves together. Use a new `key` for
 * another picture, so that it starts fitted.
 */
export function useZoom(picture: Size | undefined): Zoom {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [chosen, setChosen] = useState<View>();
  const observer = useRef<ResizeObserver>(undefined);
  const drag = useRef<{ x: number; y: number; view: View }>(undefined);

  const stage = useCallback((element: HTMLDivElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(
      ([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }),
    );
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
  const fit = (): void => setChosen(undefined);

  return {
    view,
    stage,
    ...size,
    fit,
    to,
    by: (factor) => to(view.scale * factor),
    toggle: () => (chosen ? fit() : to(1)),
    pan: (x, y) => setChosen({ ...view, x: view.x + x, y: view.y + y }),
    onWheel: (event) => {
      const box = (event.currentTarget as Element).getBoundingClientRect();
      zoomAt(view.scale * Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
    },
    handlers: {
      onPointerDown: (event) => {
        if (event.button !== 0 || onHandle(event)) return;
        // So that a drag continues outside the stage and ends wherever the button is released.
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, y: event.clientY, view };
      },
      onPointerMove: (event) => {
        const from = drag.current;
        if (from)
          setChosen({
            scale: from.view.scale,
            x: from.view.x + event.clientX - from.x,
            y: from.view.y + event.clientY - from.y,
          });
      },
      onPointerUp: () => {
        drag.current = undefined;
      },
      onDoubleClick: (event) => {
        const box = event.currentTarget.getBoundingClientRect();
        if (onHandle(event)) return;
        if (view.scale === fitted.scale) zoomAt(1, event.clientX - box.left, event.clientY - box.top);
        else fit();
      },
    },
  };
}

/** The view that shows the whole picture in the centre of the stage. */
function fitTo(picture: Size | undefined, stage: Size): View {
  if (!picture || stage.width === 0 || stage.height === 0) return { scale: 1, x: 0, y: 0 };
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height) * 0.98;
  return { scale, x: (stage.width - picture.width * scale) / 2, y: (stage.height - picture.height * scale) / 2 };
}
