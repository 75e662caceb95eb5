import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PlaceStore } from '../../database/placeStore.ts';
import type { z } from 'zod';
import type { Place } from '../../shared/contract/common.ts';
import { thumbnailSize } from '../../shared/contract/restoring.ts';
import { calls, isCallName, type CallName, type Handlers, type StudioEvent } from '../../shared/contract.ts';
import { AppError, toWire, type WireError } from '../../shared/errors.ts';
import { explainDisk } from '../../shared/storageTrouble.ts';
import type { Services } from '../app/openServices.ts';
import { type Reveal, revealInFileManager } from '../app/reveal.ts';
import { appHandlers } from '../app/appHandlers.ts';
import type { StudioContext } from './context.ts';
import { datasetHandlers } from '../datasets/datasetHandlers.ts';
import { Handles } from './handles.ts';
import { healthHandlers } from '../app/healthHandlers.ts';
import { Imports } from './imports.ts';
import { featureHandlers } from '../models/featureHandlers.ts';
import { machineFeature } from '../machines/machineFeature.ts';
import { modelHandlers } from '../models/modelHandlers.ts';
import { packHandlers } from '../models/packHandlers.ts';
import { restoreFeature } from '../restoring/restoreHandlers.ts';
import { PictureReaders } from '../pictures/pictureReaders.ts';
import { Thumbnails, type Served } from '../pictures/thumbnails.ts';
import { studyHandlers } from '../studies/studyHandlers.ts';
import { trainingHandlers } from '../training/trainingHandlers.ts';

export type Reply = { value: unknown } | { error: WireError };

/** Everything that a window needs from the services, in Electron and in a browser. */
export interface Studio {
  readonly handlers: Handlers;
  /**
   * Answers a call from the window. Input and output are checked with the contract. Failures are logged. Never throws.
   */
  call(name: string, input: unknown): Promise<Reply>;
  readonly handles: Handles;
  /**
   * Receives one file that was dropped on a browser.
   * @param drop id of the drop; empty for its first file
   * @param relative its name inside what was dropped, with `/` between folders
   * @returns the folder of the drop
   */
  receive(drop: string, relative: string, content: Readable): Promise<Place>;
  /**
   * A picture by its id; `size` is the longest side in pixels, `signal` aborts the request. @throws AppError
   * `not-found`, `unsupported`
   */
  picture(id: string, size?: number, signal?: AbortSignal): Promise<Served>;
  /** Delivers every event until the returned function is called. */
  subscribe(listener: (event: StudioEvent) => void): () => void;
  /** Ends previews and thumbnails. The services and their jobs stay open. */
  close(): Promise<void>;
}

/**
 * Joins the handlers of all services.
 * @param reveal shows a file or folder; by default in the file manager of this machine
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
  const machines = machineFeature(context);
  const handlers: Handlers = {
    ...appHandlers(context),
    ...healthHandlers(context),
    ...restore.handlers,
    ...machines.handlers,
    ...modelHandlers(context),
    ...packHandlers(context),
    ...featureHandlers(context),
    ...trainingHandlers(context),
    ...datasetHandlers(context),
    ...studyHandlers(context),
  };
  return {
    handlers,
    call: async (name, input) => {
      try {
        if (!isCallName(name)) throw new AppError('not-found', `MCIR Studio has no call "${name}". Reload the page.`);
        return { value: await invoke(handlers, name, input) };
      } catch (error) {
        logFailure(services.log, name, error);
        return { error: toWire(explainDisk(error)) };
      }
    },
    handles,
    receive: async (drop, relative, content) => {
      const first = drop === '';
      const { folder, path } = await imports.write(first ? undefined : handles.path(drop), relative, content);
      // Its thumbnail is made now, while the page asks which pictures have arrived.
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
      machines.close();
      thumbnails.close();
      await pictures.end();
      handles.close();
    },
  };
}

async function invoke<Name extends CallName>(handlers: Handlers, name: Name, input: unknown): Promise<unknown> {
  const parsed = calls[name].input.safeParse(input);
  if (!parsed.success) throw new AppError('bad-input', sentence(parsed.error));
  const answer = await handlers[name](parsed.data as never);
  return calls[name].output.parse(answer);
}

function sentence(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'The input of this call is invalid. Reload the page.';
  const where = issue.path.length ? `${issue.path.join('.')}: ` : '';
  return `${where}${issue.message}`;
}

/** An error while logging is ignored: the caller gets the call's own error. */
function logFailure(log: Services['log'], call: string, error: unknown): void {
  try {
    if (error instanceof AppError)
      log.warn({ call, code: error.code, details: error.details }, `${call}: ${error.message}`);
    else log.error({ call, err: error }, `${call} failed`);
  } catch {
    // Nothing else can be done about it here.
  }
}
