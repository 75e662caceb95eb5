import type { z } from 'zod';
import { calls, isCallName, type CallName, type Handlers } from '../../shared/contract.ts';
import { AppError, toWire, type WireError } from '../../shared/errors.ts';

export type Reply = { value: unknown } | { error: WireError };

/**
 * Runs one call that came over a border: its name and input are checked before, its output after. Never throws.
 * @param onFailure is told of what failed, whole
 */
export async function dispatch(
  handlers: Handlers,
  name: string,
  input: unknown,
  onFailure: (error: unknown) => void = () => undefined,
): Promise<Reply> {
  try {
    if (!isCallName(name)) throw new AppError('not-found', `MCIR Studio has no call "${name}". Reload the page.`);
    return { value: await invoke(handlers, name, input) };
  } catch (error) {
    try {
      onFailure(error);
    } catch {
      // The caller gets the call's own error, not an error from logging it.
    }
    return { error: toWire(error) };
  }
}

async function invoke<Name extends CallName>(handlers: Handlers, name: Name, input: unknown): Promise<unknown> {
  const parsed = calls[name].input.safeParse(input);
  if (!parsed.success) throw new AppError('bad-input', sentence(parsed.error));
  const answer = await handlers[name](parsed.data as never);
  return calls[name].output.parse(answer);
}

function sentence(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'This was not understood.';
  const where = issue.path.length ? `${issue.path.join('.')}: ` : '';
  return `${where}${issue.message}`;
}
