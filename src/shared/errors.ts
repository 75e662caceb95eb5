/**
 * Errors that cross borders (worker process, HTTP, IPC, terminal): a code for programs, one sentence for people that
 * says what to do, and details for a log.
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

/** An error whose message is written for the person who reads it. Anything else that is thrown is a fault of ours. */
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

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Turns anything thrown into what may travel between processes; unknown errors become `internal`, with their stack. */
export function toWire(error: unknown): WireError {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: 'internal', message: messageOf(error), ...(stack ? { details: { stack } } : {}) };
}
