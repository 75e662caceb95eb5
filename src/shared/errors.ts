/**
 * Errors that cross process boundaries (worker, HTTP, IPC, terminal): a code for programs, a message for users that
 * says what to do, and details for the log.
 */
export type ErrorCode =
  | 'bad-input'
  | 'not-found'
  | 'conflict'
  | 'unsupported'
  | 'io'
  | 'out-of-memory'
  | 'engine'
  | 'non-finite'
  | 'worker-died'
  | 'cancelled'
  | 'internal';

export interface WireError {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

/** An error with a message for the user. Anything else that is thrown is a bug in this program. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details;
  }

  static fromWire(wire: WireError): AppError {
    return new AppError(wire.code, wire.message, wire.details ? { details: wire.details } : {});
  }
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Turns any thrown value into a form that can be sent to another process. Unknown errors become `internal`, with their
 * stack.
 */
export function toWire(error: unknown): WireError {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: 'internal', message: messageOf(error), ...(stack ? { details: { stack } } : {}) };
}
