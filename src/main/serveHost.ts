import { Socket } from 'node:net';
import { chooseDataFolder } from '../services/app/dataFolder.ts';
import { openHome, type Home } from '../services/app/home.ts';
import { installLastResort, noteOnStderr } from '../services/app/lastResort.ts';
import { openServices, type Services } from '../services/app/openServices.ts';
import { folderToShow } from '../services/app/reveal.ts';
import { tellParent } from '../services/app/tellParent.ts';
import { openStudio, type Studio } from '../services/studio/studio.ts';
import { AppError, toWire } from '../shared/errors.ts';
import { isActive } from '../shared/jobs.ts';
import type { ActiveJob, Asked, Told } from './hostMessages.ts';
import { pictureDescriptor, sendPicture } from './picturePipe.ts';

/**
 * The services for Electron's window, in a Node process of their own. However the program ends, the jobs save first: when the
 * window asks for it, when the window is gone (it crashed, or was killed), and at a signal (Ctrl-C, the end of a session).
 */

let note = noteOnStderr;
// Without this, a closed terminal would also end this process.
installLastResort({ note: (error) => note(error), save: () => close() });

/** After a signal, the window has this much time to end by itself. */
const PARTING_MS = 2000;

const tell = (message: Told): void => tellParent(message);
/** Writing fails when the window is gone; there is nobody to tell. */
const pictures = new Socket({ fd: pictureDescriptor, readable: false }).on('error', () => undefined);

interface Opened {
  services: Services;
  studio: Studio;
}
const ready = Promise.withResolvers<Opened>();
let opened: Opened | undefined;
let closed: Promise<void> | undefined;
let opening = open(openHome).catch((error: unknown) => tell({ type: 'unopened', error: toWire(error) }));

process.on('message', (asked: Asked) => {
  answer(asked).then(
    (value) => asked.type !== 'picture' && tell({ type: 'answer', id: asked.id, value }),
    (error: unknown) => tell({ type: 'refusal', id: asked.id, error: toWire(error) }),
  );
});
/** Saves running work, then ends the process. `delay` in ms. */
const end = (delay = 0): void =>
  void close()
    .catch((error: unknown) => note(error))
    .finally(() => setTimeout(() => process.exit(0), delay));
process.on('disconnect', () => end());
// The window may have ended while this process was starting.
if (!process.connected) end();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(PARTING_MS));

/** Opens the services in a home folder. Until that has succeeded, every question waits. */
async function open(home: () => Home): Promise<void> {
  const services = await openServices(home());
  note = (error) => {
    noteOnStderr(error);
    services.log.fatal({ err: error }, 'An unexpected error');
  };
  const studio = await openStudio(services, async (path) => {
    tell({ type: 'reveal', path, isFolder: (await folderToShow(path)) === path });
  });
  studio.subscribe((event) => tell({ type: 'event', event }));
  opened = { services, studio };
  ready.resolve(opened);
}

async function answer(asked: Asked): Promise<unknown> {
  if (asked.type === 'close') return close();
  if (asked.type === 'reopen') {
    chooseDataFolder(asked.folder);
    const attempt = open(() => openHome(asked.folder));
    opening = attempt.catch(() => undefined);
    return attempt;
  }
  const { services, studio } = await ready.promise;
  // The page keeps asking until the window is gone. These errors are not shown.
  if (closed) throw new AppError('cancelled', 'The program is closing.');
  switch (asked.type) {
    case 'call':
      return studio.call(asked.name, asked.input);
    case 'picture':
      return sendPicture(pictures, asked.id, await studio.picture(asked.picture, asked.size));
    case 'place':
      return studio.handles.place(asked.path);
    case 'paths':
      return asked.ids.map((id) => studio.handles.path(id));
    case 'active':
      return services.jobs.list().flatMap(({ id, kind, state, title }): ActiveJob[] => {
        if (!isActive(state)) return [];
        const { step, steps } = kind === 'train' ? services.runs.find(id) : {};
        return [{ title, ...(step === undefined || steps === undefined ? {} : { step, steps }) }];
      });
  }
}

/** Lets the jobs save and closes the history, once. If the services could not be opened, there is nothing to save. */
function close(): Promise<void> {
  // An error while the studio closes must not prevent the jobs from saving.
  closed ??= opening.then(() => opened?.studio.close()).finally(() => opened?.services.close());
  return closed;
}
