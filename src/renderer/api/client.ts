import { calls, type CallInput, type CallName, type CallOutput, type StudioEvent } from '../../shared/contract.ts';
import type { Place } from '../../shared/contract/common.ts';
import { AppError, type WireError } from '../../shared/errors.ts';
import { i18n } from '../i18n/index.ts';
import { told } from '../i18n/told.ts';

type Reply = { value: unknown } | { error: WireError };

/** Commands from the menu of Electron's window to the page. */
export type ShellCommand =
  { type: 'show'; screen: string } | { type: 'help' } | { type: 'selectAll' } | { type: 'add'; reply: Reply };

/** What the preload script provides in Electron's window. */
export interface Bridge {
  call(name: string, input: unknown): Promise<Reply>;
  subscribe(listener: (event: StudioEvent) => void): void;
  /** Reports that the services have stopped, and that they run again. */
  onConnection(listener: (connected: boolean) => void): void;
  /** Hears menu commands. */
  onCommand(listener: (command: ShellCommand) => void): void;
  /** Continues a drag out of the window with the files of these ids. */
  drag(ids: string[]): Promise<Reply>;
  /** Turns files dropped on the window into places. */
  admit(files: File[]): Promise<Reply>;
  /** Opens the system's dialog. */
  choose(kind: 'folder' | 'pictures' | 'weights' | 'studies' | 'files'): Promise<Reply>;
}

declare global {
  interface Window {
    mcir?: Bridge;
  }
}

export const bridge = window.mcir;

/** Calls the services. @throws AppError as the services threw it, or `io` if the program cannot be reached. */
export async function call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>> {
  const reply = bridge
    ? await bridge.call(name, input)
    : await post(`api/${name}`, JSON.stringify(input), { 'content-type': 'application/json' });
  return calls[name].output.parse(unwrap(reply)) as CallOutput<Name>;
}

/**
 * Delivers events until the page is left. Both shells reconnect by themselves. `onConnection` is called when the
 * services are lost and when they are back.
 */
export function subscribe(listener: (event: StudioEvent) => void, onConnection: (connected: boolean) => void): void {
  if (bridge) {
    bridge.subscribe(listener);
    bridge.onConnection(onConnection);
    return;
  }
  const connect = (): void => {
    const socket = new WebSocket(new URL('events', document.baseURI.replace(/^http/, 'ws')));
    socket.onopen = () => onConnection(true);
    socket.onmessage = (message) => listener(JSON.parse(String(message.data)) as StudioEvent);
    socket.onclose = () => {
      onConnection(false);
      setTimeout(connect, 1000);
    };
  };
  connect();
}

/** URL of a picture by the id the host gave it; `size` asks for a thumbnail. */
export const pictureUrl = (id: string, size?: number): string =>
  `picture/${id}${size === undefined ? '' : `?size=${size}`}`;

/** A dropped file and its path inside what was dropped. */
export interface Dropped {
  file: File;
  path: string;
}

/** Files copied at the same time: one is sent while another is written. */
const copiesAtOnce = 2;

/**
 * Turns dropped files into places: by path in Electron, otherwise by copying them to the host.
 * @param onCopied called after each file with the number of files that have arrived and their folder; the second file
 * waits for the first call
 */
export async function admit(
  dropped: AsyncGenerator<Dropped>,
  onCopied: (done: number, drop: Place) => Promise<void> | void,
): Promise<Place[]> {
  if (bridge) {
    const files: File[] = [];
    for await (const { file } of dropped) files.push(file);
    return unwrap(await bridge.admit(files)) as Place[];
  }
  const first = await dropped.next();
  if (first.done) return [];
  const copy = async ({ file, path }: Dropped, drop = ''): Promise<Place> =>
    unwrap(await post(`import/${drop}?path=${encodeURIComponent(path)}`, file)) as Place;
  // The first file goes alone, so that it is shown while the others are copied.
  const drop = await copy(first.value);
  let done = 1;
  await onCopied(done, drop);
  await Promise.all(
    Array.from({ length: copiesAtOnce }, async () => {
      for await (const file of dropped) {
        await copy(file, drop.id);
        void onCopied(++done, drop);
      }
    }),
  );
  return [drop];
}

/** Lets the files of these ids be dragged out of the window. Only in Electron. */
export async function dragOut(ids: string[]): Promise<void> {
  if (bridge) unwrap(await bridge.drag(ids));
}

/** Opens the system's dialog. Only in Electron. */
export async function chooseNatively(host: Bridge, kind: Parameters<Bridge['choose']>[0]): Promise<Place[]> {
  return unwrap(await host.choose(kind)) as Place[];
}

/** The places in the reply to a menu command. @throws AppError the reason why there are none */
export const placesOf = (reply: Reply): Place[] => unwrap(reply) as Place[];

async function post(path: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Reply> {
  let response: Response;
  try {
    response = await fetch(path, { method: 'POST', body, headers });
  } catch (cause) {
    throw new AppError(
      'io',
      told(i18n.language, 'MCIR Studio does not respond. Start it again, then reload this page.'),
      { cause },
    );
  }
  if (response.headers.get('content-type') === 'application/json') return (await response.json()) as Reply;
  throw new AppError('io', await response.text());
}

/** Errors arrive in English and are thrown in the language of the window. */
function unwrap(reply: Reply): unknown {
  if ('error' in reply) throw AppError.fromWire({ ...reply.error, message: told(i18n.language, reply.error.message) });
  return reply.value;
}
