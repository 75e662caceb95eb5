import type { Source } from '../../../shared/contract/restoring.ts';
import { go } from '../../route.ts';

/** Opens the Restore screen; a picture that comes alone, and is the first, is shown large. */
export function openSingle(before: readonly Source[], found: readonly Source[]): void {
  const [only] = found;
  go('restore', before.length === 0 && found.length === 1 ? only?.id : undefined);
}
