/**
 * Sends a message to the parent process. Errors are ignored if the parent has just ended; otherwise Node would end this
 * process with a channel error.
 */
export function tellParent(message: unknown): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
