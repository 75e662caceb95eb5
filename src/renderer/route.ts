import { useSyncExternalStore } from 'react';

/** The current address of the window: `#/runs/abc` is the screen `runs` with the item `abc`. It survives a reload. */
export interface Route {
  screen: string;
  item: string | undefined;
}

const subscribe = (changed: () => void) => {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
};

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const [, screen = '', item] = hash.split('/');
  return { screen, item: item === undefined ? undefined : decodeURIComponent(item) };
}

export const href = (screen: string, item?: string): string =>
  `#/${screen}${item === undefined ? '' : `/${encodeURIComponent(item)}`}`;

export function go(screen: string, item?: string): void {
  location.hash = href(screen, item);
}
