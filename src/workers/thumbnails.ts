import sharp from '../core/pictures/sharp.ts';
import { makeThumbnail } from '../core/pictures/forScreen.ts';
import { installLastResort, noteOnStderr } from '../services/app/lastResort.ts';
import { tellParent } from '../services/app/tellParent.ts';
import type { MadeThumbnail, WantedThumbnail } from '../shared/thumbnailMessages.ts';

/** The child process that makes thumbnails ahead, one after the other. What is no picture is answered without one. */

// Each is made once, and a second thread would take from the window.
sharp.cache(false);
installLastResort({ note: noteOnStderr, endOnStorage: true });
sharp.concurrency(1);

const answer = (made: MadeThumbnail): void => tellParent(made);
process.on('message', ({ path, size }: WantedThumbnail) => {
  makeThumbnail(path, size).then(
    (body) => answer({ body }),
    () => answer({}),
  );
});
process.on('disconnect', () => process.exit());
