import { useSyncExternalStore } from 'react';

/** Whether the services answer: the state of the browser's socket, or of Electron's host process. */
let connected = true;
const listeners = new Set<() => void>();

export function setConnected(now: boolean): void {
  if (now === connected) return;
  connected = now;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const useConnected = (): boolean => useSyncExternalStore(subscribe, () => connected);
