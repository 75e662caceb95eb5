/**
 * Sends a message to the process that started this one. Where that has just gone nobody is left to complain to: Node
 * would otherwise end the process with an error of the channel.
 */
export function tellParent(message: unknown): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
