import { messageOf } from '../../shared/errors.ts';

/** True for what TensorFlow, ONNX Runtime and the allocator throw where memory ran out: none of them has a type for it. */
export const isOutOfMemory = (error: unknown): boolean =>
  /\bOOM\b|out of memory|resource exhausted|bad_alloc|allocat/i.test(messageOf(error));
