import sharp from '../core/pictures/sharp.ts';
import { makeThumbnail } from '../core/pictures/forScreen.ts';
import { thumbnailContract } from '../shared/thumbnailMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that makes thumbnails ahead, one after the other. */

// Each is made once, and a second thread would take from the window.
sharp.cache(false);
sharp.concurrency(1);

serveChild(thumbnailContract, {
  make: async ({ path, size }) => {
    const body = await makeThumbnail(path, size).catch(() => undefined);
    return body ? { body: new Uint8Array(body) } : {};
  },
});
