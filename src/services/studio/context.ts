import type { StudioEvent } from '../../shared/contract.ts';
import type { Services } from '../open.ts';
import type { Handles } from './handles.ts';

/** What the handlers of every feature work with. */
export interface StudioContext {
  services: Services;
  handles: Handles;
  /** Tells every face. */
  readonly tell: (event: StudioEvent) => void;
}

