import { useEffect, useState } from 'react';
import { layoutsFor, type Layout } from './CompareStage.tsx';
import { isOwnKey, useKeys } from './useKeys.ts';
import type { Zoom } from './useZoom.ts';

interface Comparison {
  zoom: Zoom;
  variants: number;
  layout: Layout;
  setLayout: (layout: Layout) => void;
  toggleLoupe: () => void;
}

/** Screen pixels that one key press moves the picture by. */
const panStep = 80;

/** The keys of a comparison, as in photo programs. @returns whether `\` is held, which shows the original */
export function useCompareKeys({ zoom, variants, layout, setLayout, toggleLoupe }: Comparison): boolean {
  const layouts = layoutsFor(variants);
  useKeys([
    ['C', () => setLayout(layouts[(layouts.indexOf(layout) + 1) % layouts.length] ?? 'slider')],
    ['L', toggleLoupe],
    ['Z', zoom.toggle],
    ['0', zoom.fit],
    ['9', () => zoom.to(1)],
    ['[plus]', () => zoom.by(1.25)],
    ['shift+[plus]', () => zoom.by(1.25)],
    ['=', () => zoom.by(1.25)],
    ['-', () => zoom.by(0.8)],
    ['shift+ArrowLeft', () => zoom.pan(panStep, 0)],
    ['shift+ArrowRight', () => zoom.pan(-panStep, 0)],
    ['shift+ArrowUp', () => zoom.pan(0, panStep)],
    ['shift+ArrowDown', () => zoom.pan(0, -panStep)],
  ]);
  return useHeldKey('\\');
}

/** Whether a key is held down. */
function useHeldKey(key: string): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const down = (event: KeyboardEvent) => event.key === key && !isOwnKey(event) && setHeld(true);
    const up = (event: KeyboardEvent) => event.key === key && setHeld(false);
    // If a key is released while another window has the focus, no event arrives.
    const leave = () => setHeld(false);
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    window.addEventListener('blur', leave);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', leave);
    };
  }, [key]);
  return held;
}
