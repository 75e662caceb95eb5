import { messageOf } from '../../shared/errors.ts';

/**
 * Whether an error of TensorFlow, ONNX Runtime or the allocator means that memory ran out. None of them has an error
 * type for this.
 */
export const isOutOfMemory = (error: unknown): boolean =>
  /\bOOM\b|out of memory|resource exhausted|bad_alloc|allocat/i.test(messageOf(error));
