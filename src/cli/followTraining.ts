import { MultiBar, type SingleBar } from 'cli-progress';
import type { Services } from '../services/app/openServices.ts';
import { duration } from '../shared/duration.ts';
import { AppError } from '../shared/errors.ts';
import type { TrainEvent } from '../shared/jobMessages.ts';
import type { RunDetail, TrainProgress } from '../shared/runs.ts';
import { exitCode, type Output } from './output.ts';

/** Interval between lines of progress if the output is not a terminal. */
const lineEveryMs = 2000;

/** Shows a training until it ends, and gives the command its result and exit code. */
export async function followTraining(services: Services, id: string, output: Output): Promise<void> {
  await watchTraining(services, id, output);
  report(services.runs.show(id), output);
}

/**
 * Shows a training until it ends. The first Ctrl-C cancels it, which saves first; the second ends it immediately,
 * without saving.
 */
export async function watchTraining({ training, runs }: Services, id: string, output: Output): Promise<void> {
  const { name, steps } = runs.find(id);
  output.log(`Run ${id} "${name}" in ${runs.folder(id).path}`);
  const display = output.interactive ? new BarDisplay(steps) : new LineDisplay(output);
  const onProgress = (run: string, event: TrainEvent): void => {
    if (run !== id) return;
    if (event.type === 'log') display.say(event.text);
    if (event.type !== 'metrics') return;
    const { psnr, ssim } = event.line.values;
    if (psnr !== undefined && ssim !== undefined)
      display.say(`Validation at step ${event.line.step}: PSNR ${psnr.toFixed(3)} dB, SSIM ${ssim.toFixed(4)}`);
    else display.progress(event.progress);
  };
  training.events.on('progress', onProgress);
  const release = handleSignals(
    () => void training.cancel(id).catch(() => undefined), // it has just ended
    () => training.kill(id),
    (text) => display.say(text),
  );
  try {
    await training.ended(id);
  } finally {
    release();
    training.events.off('progress', onProgress);
    display.end();
  }
}

function report(run: RunDetail, output: Output): void {
  const { state, error } = run;
  if (state === 'failed') throw error ? AppError.fromWire(error) : new AppError('internal', 'The training failed.');
  const reason = run.states.at(-1)?.reason;
  const best = run.best
    ? `best PSNR ${run.best.psnr.toFixed(3)} dB at step ${run.best.step}${run.psnrBefore === undefined ? '' : ` (before: ${run.psnrBefore.toFixed(3)} dB)`}`
    : 'no validation yet';
  const lines = [
    `Run ${run.id} "${run.name}" ${state} at step ${run.step} of ${run.steps}; ${best}.`,
    ...(reason ? [reason] : []),
    state === 'finished'
      ? `Use it: mcir restore PICTURES --model ${run.id} --out FOLDER`
      : `Resume it: mcir resume ${run.id}`,
  ];
  output.result(run, lines.join('\n'));
  if (state !== 'finished') process.exitCode = exitCode.failed;
}

/** Shows progress on a terminal or in a log. */
interface Display {
  progress(progress: TrainProgress): void;
  say(text: string): void;
  end(): void;
}

/** A bar that is redrawn; lines appear above it. */
class BarDisplay implements Display {
  readonly #bars = new MultiBar({
    format: '{bar} {value}/{total}  {text}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    barsize: 20,
  });
  readonly #bar: SingleBar;

  constructor(steps: number) {
    this.#bar = this.#bars.create(steps, 0, { text: 'starting …' });
  }

  progress(progress: TrainProgress): void {
    this.#bar.update(progress.step, { text: describe(progress) });
  }

  say(text: string): void {
    this.#bars.log(`${text}\n`);
  }

  end(): void {
    // Pending lines are printed when the bar is next redrawn.
    this.#bars.update();
    this.#bars.stop();
  }
}

/** Prints a line at intervals, for pipes and logs. */
class LineDisplay implements Display {
  readonly #output: Output;
  #last = -Infinity;

  constructor(output: Output) {
    this.#output = output;
  }

  progress(progress: TrainProgress): void {
    if (performance.now() - this.#last < lineEveryMs && progress.step < progress.steps) return;
    this.#last = performance.now();
    this.#output.log(`step ${progress.step}/${progress.steps}  ${describe(progress)}`);
  }

  say(text: string): void {
    this.#output.log(text);
  }

  end(): void {}
}

function describe({ losses, lr, imagesPerSecond, eta }: TrainProgress): string {
  const terms = Object.entries(losses).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  const pace = imagesPerSecond > 0 ? [`${imagesPerSecond.toFixed(1)} images/s`, `ETA ${duration(eta)}`] : [];
  return [...terms, `lr ${lr.toExponential(2)}`, ...pace].join('  ');
}

function handleSignals(cancel: () => void, kill: () => void, say: (text: string) => void): () => void {
  let asked = false;
  const onSignal = (): void => {
    if (asked) return kill();
    asked = true;
    say('Saving, then ending. Press Ctrl-C again to end immediately, without saving.');
    cancel();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => signals.forEach((signal) => process.off(signal, onSignal));
}
