import { closeSync, fstatSync, readdirSync } from 'node:fs';
import { url as debuggerUrl } from 'node:inspector';
import { pictureDescriptor } from './picturePipe.ts';

/**
 * Closes the sockets that this process has inherited from Electron on Linux, and that are not meant for it.
 *
 * Chromium does not mark its sockets to be closed in new programs, because its own way to start processes closes them. Node's
 * does not. Chromium sees that a process has ended when the socket to it closes. While another process holds a copy of that
 * socket, this does not happen: if the graphics process ends in the first moments, as it does where there is no graphics
 * card, no new one is started, and the window stays blank.
 *
 * Call this before the process opens a socket. With a debugger, whose socket would be closed too, it does nothing.
 */
export function closeForeignSockets(): void {
  if (process.platform !== 'linux' || debuggerUrl() !== undefined) return;
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= pictureDescriptor) continue;
    try {
      if (fstatSync(descriptor).isSocket()) closeSync(descriptor);
    } catch {
      // It was the one that listed the folder.
    }
  }
}
