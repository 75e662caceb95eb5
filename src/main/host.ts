import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Served } from '../services/pictures/thumbnails.ts';
import type { StudioEvent } from '../shared/contract.ts';
import { AppError } from '../shared/errors.ts';
import type { ActiveJob, Question, Told } from './hostMessages.ts';
import { hearPictures, pictureDescriptor } from './picturePipe.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: AppError): void;
}

/** What the process of the services needs from the shell. */
export interface HostShell {
  /**
   * Called with false when the process has crashed (a new one is being started), and with true when it answers again.
   */
  onConnection(connected: boolean): void;
  /** Called with the reason if the process keeps crashing. */
  onDeath(reason: string): void;
  /** The services could not be opened; `Host.reopen` tries another folder. */
  onUnopened(error: AppError): void;
  /** Opens a folder in the file manager, or shows a file in its folder. */
  reveal(path: string, isFolder: boolean): void;
}

/** After this many crashes within this time, the process is not started again. */
const DEATHS = 3;
const WITHIN_MS = 60_000;
const RESTART_MS = 300;
/**
 * The window ends after this time even if the services do not answer. They give their jobs two minutes to save
 * (services/jobs/JobManager.ts), and save also when the window is gone.
 */
const CLOSE_MS = 150_000;

/**
 * The process that runs the services, as the window sees it. If it stops, all waiting calls are rejected and a new
 * process is started; the window stays open.
 */
export class Host {
  #child: ChildProcess;
  readonly #start: () => ChildProcess;
  #deaths: number[] = [];
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: StudioEvent) => void>();
  readonly #shell: HostShell;
  #count = 0;
  #closing = false;

  /**
   * @param file hostProcess.ts
   * @param node the Node that runs it
   * @param env additional environment variables
   */
  constructor(file: string, node: string, shell: HostShell, env: Record<string, string> = {}) {
    this.#shell = shell;
    this.#start = () => {
      // Not `fork`: Electron's `fork` runs Electron as Node, which a fuse disables.
      const child = spawn(node, [file], {
        env: { ...process.env, ...env },
        stdio: ['inherit', 'inherit', 'inherit', 'ipc', 'pipe'],
        windowsHide: true,
      });
      child.on('message', (message: Told) => this.#hear(message));
      const pictures = child.stdio[pictureDescriptor] as Readable;
      // The pipe breaks only when the process ends, which is handled below.
      pictures.on('error', () => undefined);
      hearPictures(pictures, (id, picture) => this.#answer(id)?.resolve(picture));
      let ended = false;
      const end = (reason: string): void => {
        if (!ended) this.#end(reason);
        ended = true;
      };
      child.on('error', (error) => end(error.message));
      child.on('exit', (code, signal) => end(signal ?? `code ${code}`));
      return child;
    };
    this.#child = this.#start();
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** @throws AppError as the services threw it, or `worker-died` */
  ask(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#count;
      this.#waiting.set(id, { resolve, reject });
      if (!this.#child.connected) return this.#refuse(id);
      this.#child.send({ ...question, id }, (error) => error && this.#refuse(id));
    });
  }

  async picture(id: string, size?: number): Promise<Served> {
    return (await this.ask({ type: 'picture', picture: id, ...(size === undefined ? {} : { size }) })) as Served;
  }

  async activeJobs(): Promise<ActiveJob[]> {
    return (await this.ask({ type: 'active' })) as ActiveJob[];
  }

  /**
   * Opens the services in another folder and remembers it for the next starts.
   * @throws AppError if it cannot be written to
   */
  async reopen(folder: string): Promise<void> {
    await this.ask({ type: 'reopen', folder });
  }

  subscribe(listener: (event: StudioEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Lets jobs save, then ends the process. If it has stopped already, it is not started again. */
  async close(): Promise<void> {
    this.#closing = true;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, CLOSE_MS);
    await Promise.race([this.ask({ type: 'close' }).catch(() => undefined), late.promise]);
    clearTimeout(timer);
    if (this.#child.connected) this.#child.disconnect();
  }

  #hear(message: Told): void {
    if (message.type === 'event') return this.#listeners.forEach((listener) => listener(message.event));
    if (message.type === 'reveal') return this.#shell.reveal(message.path, message.isFolder);
    if (message.type === 'unopened') return this.#shell.onUnopened(AppError.fromWire(message.error));
    const waiting = this.#answer(message.id);
    if (message.type === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(AppError.fromWire(message.error));
  }

  /** Removes and returns the caller that waits for the answer to this question. */
  #answer(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #end(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#refuse(id);
    if (this.#closing) return;
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < WITHIN_MS), now];
    this.#shell.onConnection(false);
    if (this.#deaths.length >= DEATHS) {
      this.#closing = true;
      return this.#shell.onDeath(reason);
    }
    setTimeout(() => {
      if (this.#closing) return;
      this.#child = this.#start();
      // Its first answer shows that it is running. Without an answer, it has crashed again.
      this.activeJobs().then(
        () => this.#shell.onConnection(true),
        () => undefined,
      );
    }, RESTART_MS);
  }

  #refuse(id: number): void {
    this.#answer(id)?.reject(
      new AppError('worker-died', 'Part of MCIR Studio has crashed and is being restarted. Try again in a moment.'),
    );
  }
}
