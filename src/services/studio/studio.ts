import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PlaceStore } from '../../database/placeStore.ts';
import type { Place } from '../../shared/contract/common.ts';
import { thumbnailSize } from '../../shared/contract/restoring.ts';
import type { Handlers, StudioEvent } from '../../shared/contract.ts';
import { AppError } from '../../shared/errors.ts';
import type { Services } from '../app/openServices.ts';
import { type Reveal, revealInFileManager } from '../app/reveal.ts';
import { appHandlers } from '../app/appHandlers.ts';
import type { StudioContext } from './context.ts';
import { datasetHandlers } from '../datasets/datasetHandlers.ts';
import { dispatch, type Reply } from './dispatch.ts';
import { Handles } from './handles.ts';
import { healthHandlers } from '../app/healthHandlers.ts';
import { Imports } from './imports.ts';
import { featureHandlers } from '../models/featureHandlers.ts';
import { modelHandlers } from '../models/modelHandlers.ts';
import { packHandlers } from '../models/packHandlers.ts';
import { restoreFeature } from '../restoring/restoreHandlers.ts';
import { PictureReaders } from '../pictures/pictureReaders.ts';
import { Thumbnails, type Served } from '../pictures/thumbnails.ts';
import { trainingHandlers } from '../training/trainingHandlers.ts';

/** All that a window needs of the services, whichever shell it stands in. */
export interface Studio {
  readonly handlers: Handlers;
  /** Answers a call that came over a border, and notes in the log what failed. Never throws. */
  call(name: string, input: unknown): Promise<Reply>;
  readonly handles: Handles;
  /**
   * Takes in one file that was dropped on a browser.
   * @param drop id of what it was dropped with; empty for the first file
   * @param relative its name inside what was dropped, with `/` between folders
   * @returns the folder of the drop
   */
  receive(drop: string, relative: string, content: Readable): Promise<Place>;
  /** A picture by its id; `size` is the longest side in pixels, `signal` of whoever waits for it. @throws AppError `not-found`, `unsupported` */
  picture(id: string, size?: number, signal?: AbortSignal): Promise<Served>;
  /** Hears every event until the returned function is called. */
  subscribe(listener: (event: StudioEvent) => void): () => void;
  /** Ends previews and thumbnails; the services, and the jobs in them, stay open. */
  close(): Promise<void>;
}

/**
 * Joins the services into the contract's handlers.
 * @param reveal how the shell shows a file or folder; by default with the file manager of this machine
 */
export async function openStudio(services: Services, reveal: Reveal = revealInFileManager): Promise<Studio> {
  services.children.giveWay();
  const listeners = new Set<(event: StudioEvent) => void>();
  const handles = new Handles(new PlaceStore(join(services.home.cache, 'places.sqlite')));
  const imports = new Imports(services.home.cache);
  const pictures = new PictureReaders();
  const thumbnails = new Thumbnails(services.home.cache, pictures);
  await imports.removeOld();
  const context: StudioContext = {
    services,
    handles,
    thumbnails,
    pictures,
    reveal,
    tell: (event) => listeners.forEach((listener) => listener(event)),
  };
  const restore = restoreFeature(context);
  const handlers: Handlers = {
    ...appHandlers(context),
    ...healthHandlers(context),
    ...restore.handlers,
    ...modelHandlers(context),
    ...packHandlers(context),
    ...featureHandlers(context),
    ...trainingHandlers(context),
    ...datasetHandlers(context),
  };
  return {
    handlers,
    call: (name, input) =>
      dispatch(handlers, name, input, (error) => {
        if (error instanceof AppError)
          services.log.warn({ call: name, code: error.code, details: error.details }, `${name}: ${error.message}`);
        else services.log.error({ call: name, err: error }, `${name} failed`);
      }),
    handles,
    receive: async (drop, relative, content) => {
      const first = drop === '';
      const { folder, path } = await imports.write(first ? undefined : handles.path(drop), relative, content);
      // It is looked at in a moment: its thumbnail is made while the page still asks what has come.
      if (first) thumbnails.serve(path, thumbnailSize).catch(() => undefined);
      return handles.place(folder);
    },
    picture: (id, size, signal) => thumbnails.serve(handles.path(id), size, signal),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      restore.close();
      thumbnails.close();
      await pictures.end();
      handles.close();
    },
  };
}
