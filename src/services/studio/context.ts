import type { StudioEvent } from '../../shared/contract.ts';
import type { Services } from '../app/openServices.ts';
import type { Reveal } from '../app/reveal.ts';
import type { Handles } from './handles.ts';
import type { PictureReaders } from '../pictures/pictureReaders.ts';
import type { Thumbnails } from '../pictures/thumbnails.ts';

/** What the handlers of all features depend on. */
export interface StudioContext {
  services: Services;
  handles: Handles;
  thumbnails: Thumbnails;
  /** Child processes that decode pictures. */
  pictures: PictureReaders;
  /** Shows a file or folder, as the shell does it. */
  readonly reveal: Reveal;
  /** Sends an event to all windows. */
  readonly tell: (event: StudioEvent) => void;
}
