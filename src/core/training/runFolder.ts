import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type MetricLine, metricLine } from '../../shared/runs.ts';

/**
 * The folder of a training run. It holds everything that is known about the run, so that the history can be made again
 * from it:
 *
 *     run.json, config.yml      written by the program that owns the job
 *     metrics.jsonl, log.txt    appended to by the worker
 *     checkpoints/              last, previous and best
 *     validation/N-name/        input.png, target.png and the result at each validation
 *     validation/lpips.jsonl    LPIPS of these pictures, if it was asked for
 */
export class RunFolder {
  readonly path: string;
  /** Lines of the log that could not be written to the disk yet. */
  readonly #unwritten: string[] = [];

  constructor(path: string) {
    this.path = path;
  }

  get record(): string {
    return join(this.path, 'run.json');
  }

  get config(): string {
    return join(this.path, 'config.yml');
  }

  get metrics(): string {
    return join(this.path, 'metrics.jsonl');
  }

  get log(): string {
    return join(this.path, 'log.txt');
  }

  get checkpoints(): string {
    return join(this.path, 'checkpoints');
  }

  checkpoint(name: 'last' | 'previous' | 'best'): string {
    return join(this.checkpoints, `${name}.safetensors`);
  }

  get validation(): string {
    return join(this.path, 'validation');
  }

  /** LPIPS of the validation pictures, one line per step and picture, if the run measures it. */
  get lpips(): string {
    return join(this.validation, 'lpips.jsonl');
  }

  /** Creates the subfolders. */
  create(): this {
    for (const folder of [this.checkpoints, this.validation]) mkdirSync(folder, { recursive: true });
    return this;
  }

  /** Appends a line with the time to the log. */
  writeLog(text: string): void {
    this.#unwritten.push(`${new Date().toISOString()} ${text}\n`);
    try {
      appendFileSync(this.log, this.#unwritten.join(''));
      this.#unwritten.length = 0;
    } catch {
      this.#unwritten.splice(0, this.#unwritten.length - MOST_UNWRITTEN);
    }
  }

  /** The lines of metrics.jsonl, in order. A last line that a crash has truncated is ignored. */
  *readMetrics(): IterableIterator<MetricLine> {
    for (const { line } of parseLines(this.#metricsFile())) yield line;
  }

  /** Removes lines after a step, and a truncated line: the run continues from that step. */
  truncateMetrics(step: number): void {
    const bytes = this.#metricsFile();
    let end = 0;
    for (const { line, end: after } of parseLines(bytes)) {
      if (line.step > step) break;
      end = after;
    }
    if (end < bytes.length) truncateSync(this.metrics, end);
  }

  #metricsFile(): Buffer {
    try {
      return readFileSync(this.metrics);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
  }
}

const NEWLINE = 0x0a;
const MOST_UNWRITTEN = 1000;

function* parseLines(bytes: Buffer): IterableIterator<{ line: MetricLine; end: number }> {
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const line = parseLine(bytes.toString('utf8', start, end));
    // Lines depend on earlier ones, so nothing after a damaged line can be trusted.
    if (!line) return;
    start = end + 1;
    yield { line, end: start };
  }
}

function parseLine(text: string): MetricLine | undefined {
  try {
    return metricLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Appends to metrics.jsonl. Written lines survive a crash of the process; {@link flush} makes them survive a crash of
 * the computer. If the disk fails during a line, nothing of it remains, so it can be written again.
 */
export class MetricsWriter {
  readonly #file: number;
  /** End of the last complete line. */
  #end: number;
  /** There may be part of a line after it. */
  #torn = false;

  constructor(folder: RunFolder) {
    this.#file = openSync(folder.metrics, 'a');
    this.#end = fstatSync(this.#file).size;
  }

  /** @throws the system's error if the disk cannot be written */
  write(line: MetricLine): void {
    if (this.#torn) ftruncateSync(this.#file, this.#end);
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    this.#torn = true;
    // A disk that fills up may write a part.
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
    this.#torn = false;
    this.#end += bytes.length;
  }

  flush(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}
