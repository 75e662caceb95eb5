import { Socket } from 'node:net';
import { openHome } from '../services/app/home.ts';
import { openServices, type Services } from '../services/app/openServices.ts';
import { folderToShow } from '../services/app/reveal.ts';
import { openStudio, type Studio } from '../services/studio/studio.ts';
import { toWire } from '../shared/errors.ts';
import { isActive } from '../shared/jobs.ts';
import type { Asked, Told } from './hostMessages.ts';
import { pictureDescriptor, sendPicture } from './picturePipe.ts';

/** Entry of the Node process that runs the services for Electron's window. It ends with the window. */

const tell = (message: Told): void => void process.send?.(message);
const opened = open();
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
  () => void opened.then(({ services, studio }) => close(services, studio)).finally(() => process.exit(0)),
);

async function open(): Promise<{ services: Services; studio: Studio }> {
  const services = await openServices(openHome());
  const studio = await openStudio(services, async (path) => {
    await folderToShow(path);
    tell({ type: 'reveal', path });
  });
  studio.subscribe((event) => tell({ type: 'event', event }));
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
  closed ??= studio.close().then(() => services.close());
  return closed;
}
