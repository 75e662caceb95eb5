import { Socket } from 'node:net';
import { openHome } from '../services/app/home.ts';
import { installLastResort, noteOnStderr } from '../services/app/lastResort.ts';
import { openServices, type Services } from '../services/app/openServices.ts';
import { folderToShow } from '../services/app/reveal.ts';
import { tellParent } from '../services/app/tellParent.ts';
import { openStudio, type Studio } from '../services/studio/studio.ts';
import { toWire } from '../shared/errors.ts';
import { isActive } from '../shared/jobs.ts';
import type { Asked, Told } from './hostMessages.ts';
import { pictureDescriptor, sendPicture } from './picturePipe.ts';

/** Entry of the Node process that runs the services for Electron's window. It ends with the window. */

let note = noteOnStderr;
let save = (): Promise<void> => Promise.resolve();
installLastResort({ note: (error) => note(error), save: () => save() });

const tell = (message: Told): void => tellParent(message);
const opened = open();
// Whoever asks is told why it could not be opened.
opened.catch(() => undefined);
/** When the window is gone, nobody reads it. */
const pictures = new Socket({ fd: pictureDescriptor, readable: false }).on('error', () => undefined);

process.on('message', (asked: Asked) => {
  opened
    .then(({ services, studio }) => answer(services, studio, asked))
    .then(
      (value) => asked.type !== 'picture' && tell({ type: 'answer', id: asked.id, value }),
      (error: unknown) => tell({ type: 'refusal', id: asked.id, error: toWire(error) }),
    );
});
process.on(
  'disconnect',
  () =>
    void opened
      .then(({ services, studio }) => close(services, studio))
      .catch((error: unknown) => note(error))
      .finally(() => process.exit(0)),
);

async function open(): Promise<{ services: Services; studio: Studio }> {
  const services = await openServices(openHome());
  note = (error) => {
    noteOnStderr(error);
    services.log.fatal({ err: error }, 'An unexpected error');
  };
  save = () => services.close();
  const studio = await openStudio(services, async (path) => {
    await folderToShow(path);
    tell({ type: 'reveal', path });
  });
  studio.subscribe((event) => tell({ type: 'event', event }));
  save = () => close(services, studio);
  return { services, studio };
}

async function answer(services: Services, studio: Studio, asked: Asked): Promise<unknown> {
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
      return services.jobs.list().flatMap(({ state, title }) => (isActive(state) ? [title] : []));
    case 'close':
      return close(services, studio);
  }
}

let closed: Promise<void> | undefined;
function close(services: Services, studio: Studio): Promise<void> {
  // What fails while the studio closes must not keep the jobs from being saved.
  closed ??= studio.close().finally(() => services.close());
  return closed;
}
