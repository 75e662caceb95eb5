import { SingleBar } from 'cli-progress';
import type { Services } from '../services/app/openServices.ts';
import type { Batches } from '../services/restoring/batches.ts';
import { AppError } from '../shared/errors.ts';
import { exitCode, type Output } from './output.ts';

/**
 * Shows a batch of this program until it has ended: a bar of files, megapixels a second and time left. Ctrl-C cancels
 * it; it can be resumed later. With `--json`, a line is printed for every finished file, and one for the batch at the
 * end.
 * @param signal cancels the batch, like Ctrl-C
 */
export async function followBatch(
  { batches, jobs }: Pick<Services, 'batches' | 'jobs'>,
  id: string,
  output: Output,
  signal?: AbortSignal,
): Promise<void> {
  using interruption = signal ? { signal, [Symbol.dispose]: () => undefined } : untilInterrupted(output);
  const cancel = (): void => void batches.cancel(id).catch(() => undefined); // it has just ended
  interruption.signal.addEventListener('abort', cancel);
  const { total } = batches.find(id);
  const bar = output.interactive
    ? new SingleBar({
        format: '{bar} {value}/{total} files  {speed} MP/s  {eta_formatted} left  {file}',
        etaBuffer: 20,
      })
    : undefined;
  const started = performance.now();
  let megapixels = 0;
  let lastReason: string | undefined;
  bar?.start(total, ended(batches, id), { speed: '0.0', file: '' });

  /** Prints a line above the bar. */
  const say = (line: string): void => {
    if (bar) process.stderr.write('\r\x1b[K');
    output.log(line);
  };
  let drawn = -Infinity;
  const draw = (file: string): void => {
    drawn = performance.now();
    bar?.update(ended(batches, id), { speed: ((megapixels * 1000) / (drawn - started)).toFixed(1), file });
  };
  const onFile: Parameters<typeof batches.events.on<'file'>>[1] = (batch, file) => {
    if (batch !== id) return;
    megapixels += file.state === 'done' ? (file.megapixels ?? 0) : 0;
    // Counting a large batch takes a while.
    if (bar && performance.now() - drawn > 250) draw(file.source);
    if (output.json) output.jsonLine({ file });
    if (file.state === 'failed') say(`${file.source}: ${file.reason}`);
    for (const warning of file.warnings) say(`${file.source}: ${warning}`);
  };
  const onBatch: Parameters<typeof batches.events.on<'batch'>>[1] = (batch) => {
    if (batch.id !== id || batch.state !== 'paused' || batch.reason === lastReason) return;
    lastReason = batch.reason;
    say(`Waiting: ${batch.reason ?? 'paused'}`);
  };
  batches.events.on('file', onFile).on('batch', onBatch);
  if (interruption.signal.aborted) cancel();
  const before =
    batches.find(id).state === 'queued' ? batches.list().find(({ state }) => state === 'running') : undefined;
  const elsewhere = before && jobs.ownerOf(before.id);
  if (elsewhere) say(`Waiting until "${before.title}" is done, in another window or terminal (${elsewhere}).`);
  try {
    const batch = await batches.ended(id);
    bar?.stop();
    const { done, failed, skipped, waiting, settings, state } = batch;
    if (state === 'failed') throw new AppError('conflict', batch.reason ?? 'The batch failed.');
    const rest = [
      failed > 0 ? `${failed} failed (mcir batch retry ${id})` : '',
      skipped > 0 ? `${skipped} skipped` : '',
      waiting > 0 ? `${waiting} waiting (mcir batch resume ${id})` : '',
    ].filter(Boolean);
    output.result({ batch }, [`${done} of ${total} restored into ${settings.out}`, ...rest].join(', '));
    if (failed > 0 || state !== 'finished') process.exitCode = exitCode.failed;
  } finally {
    bar?.stop();
    interruption.signal.removeEventListener('abort', cancel);
    batches.events.off('file', onFile).off('batch', onBatch);
  }
}

function ended(batches: Batches, id: string): number {
  const { done, failed, skipped } = batches.find(id);
  return done + failed + skipped;
}

/** Aborted by Ctrl-C or by the end of the session. A second Ctrl-C ends the program immediately. */
export function untilInterrupted(output: Output): { signal: AbortSignal } & Disposable {
  const stop = new AbortController();
  const interrupt = (): void => {
    output.log('Cancelling. Finished pictures are kept.');
    stop.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}
