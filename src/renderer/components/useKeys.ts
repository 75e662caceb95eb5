import { getHotkeyHandler, type HotkeyItem } from '@mantine/hooks';
import { useEffect, useEffectEvent } from 'react';

/**
 * Keys that work wherever the focus is, but in a field that text is written in. (Mantine's `useHotkeys` leaves every input
 * out: after a click on a switch no key would be heard.)
 */
export function useKeys(keys: HotkeyItem[]): void {
  const hear = useEffectEvent((event: KeyboardEvent) => {
    if (!isOwnKey(event)) getHotkeyHandler(keys)(event);
  });
  useEffect(() => {
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, []);
}

/** Whether the key means something to what has the focus: whatever is typed, and the arrows that choose. */
export function isOwnKey({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  return target.matches(key.startsWith('Arrow') ? `${writing}, ${choosing}` : writing);
}

/** Text fields; a switch or a list to choose from is none. */
const writing = ':read-write';
/** A choice that was clicked is done: the arrows choose there only where the keyboard has led to it. */
const choosing = '[role="slider"], [type="radio"]:focus-visible';
