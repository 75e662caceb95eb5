import { getHotkeyHandler, type useHotkeys } from '@mantine/hooks';
import { useEffect, useEffectEvent } from 'react';

/**
 * Keys that work wherever the focus is, except in a text field. (Mantine's `useHotkeys` ignores all inputs: after a
 * click on a switch, no key would work.)
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

/**
 * Whether the focused element uses the key itself: any key in a text field, and arrow keys in a group to choose from.
 */
export function isOwnKey({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  // A switch or a select is not a text field.
  if (target.matches(':read-write')) return true;
  return key.startsWith('Arrow') && target.matches(byKeyboard ? '[role="slider"], [type="radio"]' : '[role="slider"]');
}

/** Whether the focus came from the keyboard. After a click on a choice, the arrow keys belong to the screen again. */
let byKeyboard = true;
document.addEventListener('focusin', ({ target }) => {
  byKeyboard = target instanceof Element && target.matches(':focus-visible');
});
