import { Socket } from 'node:net';
import { chooseDataFolder } from '../services/app/dataFolder.ts';
import { openHome, type Home } from '../services/app/home.ts';
import { openServices, type Services } from '../services/app/openServices.ts';
import { folderToShow } from '../services/app/reveal.ts';
import { openStudio, type Studio } from '../services/studio/studio.ts';
import { AppError, toWire } from '../shared/errors.ts';
import { isActive } from '../shared/jobs.ts';
import type { ActiveJob, Asked, Told } from './hostMessages.ts';
import { pictureDescriptor, sendPicture } from './picturePipe.ts';

/**
 * Entry of the Node process that runs the services for Electron's window. However the program ends, the jobs save first:
 * when the window asks for it, when the window is gone (it crashed, or was killed), and at a signal (Ctrl-C, the end of a
 * session).
 */

/** After a signal, the window has so long to end by itself. */
const PARTING_MS = 2000;

/** The window may be gone at any moment; then there is nobody to tell. */
const tell = (message: Told): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};
const pictures = new Socket({ fd: pictureDescriptor, readable: false }).on('error', () => undefined);
// The terminal may be gone as well.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

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
process.on('disconnect', () => void close().finally(() => process.exit(0)));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void close().finally(() => setTimeout(() => process.exit(0), PARTING_MS)));

/** Opens the services over a home folder. Until that has succeeded, everything that is asked waits. */
async function open(home: () => Home): Promise<void> {
  const services = await openServices(home());
  const studio = await openStudio(services, async (path) => {
    await folderToShow(path);
    tell({ type: 'reveal', path });
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
  // The page goes on asking until the window is gone. Errors of this kind are shown to nobody.
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

/** Lets the jobs save, and closes the history; once. Where the services could not be opened there is nothing to save. */
function close(): Promise<void> {
  closed ??= opening.then(async () => {
    await opened?.studio.close();
    await opened?.services.close();
  });
  return closed;
}
