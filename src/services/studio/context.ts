import type { StudioEvent } from '../../shared/contract.ts';
import type { Services } from '../app/openServices.ts';
import type { Reveal } from '../app/reveal.ts';
import type { Handles } from './handles.ts';
import type { Thumbnails } from '../pictures/thumbnails.ts';

/** What the handlers of all features work with. */
export interface StudioContext {
  services: Services;
  handles: Handles;
  thumbnails: Thumbnails;
  /** As implemented by the shell. */
  readonly reveal: Reveal;
  /** Sends an event to all windows. */
  readonly tell: (event: StudioEvent) => void;
}
