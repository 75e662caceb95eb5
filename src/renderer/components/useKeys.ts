import { getHotkeyHandler, type useHotkeys } from '@mantine/hooks';
import { useEffect, useEffectEvent } from 'react';

/**
 * Keys that work wherever the focus is, but in a field that text is written in. (Mantine's `useHotkeys` leaves every input
 * out: after a click on a switch no key would be heard.)
 */
export function useKeys(keys: Parameters<typeof useHotkeys>[0]): void {
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
  // A switch or a list to choose from is no text field.
  if (target.matches(':read-write')) return true;
  return key.startsWith('Arrow') && target.matches(byKeyboard ? '[role="slider"], [type="radio"]' : '[role="slider"]');
}

/** Whether the keyboard has led to what has the focus: a choice that was clicked is done, and leaves the arrows to the screen. */
let byKeyboard = true;
document.addEventListener('focusin', ({ target }) => {
  byKeyboard = target instanceof Element && target.matches(':focus-visible');
});
