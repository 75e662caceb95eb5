import { type ChildProcess, fork } from 'node:child_process';
import type { Served } from '../services/studio/thumbnails.ts';
import type { StudioEvent } from '../shared/contract.ts';
import { AppError } from '../shared/errors.ts';
import type { Question, Told } from './hostMessages.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: AppError): void;
}

/** What the services need of the shell. */
export interface HostShell {
  /** Told why, where the process ends without having been asked to. */
  onDeath(reason: string): void;
  /** Shows a file or folder in the file manager. */
  reveal(path: string): void;
}

/** The process that runs the services, as the window sees it. When it ends, everything that waits for it is rejected. */
export class Host {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: StudioEvent) => void>();
  readonly #shell: HostShell;
  #count = 0;
  #closing = false;

  /**
   * @param file hostProcess.ts
   * @param node the Node that runs it
   */
  constructor(file: string, node: string, shell: HostShell) {
    this.#shell = shell;
    this.#child = fork(file, [], { execPath: node, execArgv: [], serialization: 'advanced' });
    this.#child.on('message', (message: Told) => this.#hear(message));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(signal ?? `code ${code}`));
  }

  /** @throws AppError as the services threw it, or `worker-died` */
  ask(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#count;
      this.#waiting.set(id, { resolve, reject });
      if (!this.#child.connected) return this.#refuse(id);
      this.#child.send({ ...question, id });
    });
  }

  async picture(id: string, size?: number): Promise<Served> {
    return (await this.ask({ type: 'picture', picture: id, ...(size === undefined ? {} : { size }) })) as Served;
  }

  async activeJobs(): Promise<string[]> {
    return (await this.ask({ type: 'active' })) as string[];
  }

  subscribe(listener: (event: StudioEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Lets jobs save, and ends the process. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.ask({ type: 'close' });
    this.#child.disconnect();
  }

  #hear(message: Told): void {
    if (message.type === 'event') return this.#listeners.forEach((listener) => listener(message.event));
    if (message.type === 'reveal') return this.#shell.reveal(message.path);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(AppError.fromWire(message.error));
  }

  #end(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#refuse(id);
    if (!this.#closing) this.#shell.onDeath(reason);
    this.#closing = true;
  }

  #refuse(id: number): void {
    this.#waiting.get(id)?.reject(new AppError('worker-died', 'The services of the program have ended. Start it again.'));
    this.#waiting.delete(id);
  }
}
