import { calls, type CallInput, type CallName, type CallOutput, type StudioEvent } from '../../shared/contract.ts';
import type { Place } from '../../shared/contract/common.ts';
import { AppError, type WireError } from '../../shared/errors.ts';
import { i18n } from '../i18n/index.ts';
import { told } from '../i18n/told.ts';

type Reply = { value: unknown } | { error: WireError };

/** What the menu of Electron's window asks of the page. */
export type ShellCommand =
  { type: 'show'; screen: string } | { type: 'help' } | { type: 'selectAll' } | { type: 'add'; reply: Reply };

/** What the preload script offers where the window is Electron's. */
export interface Bridge {
  call(name: string, input: unknown): Promise<Reply>;
  subscribe(listener: (event: StudioEvent) => void): void;
  /** Tells that the services have ended, and that they run again. */
  onConnection(listener: (connected: boolean) => void): void;
  /** What was chosen in the window's menu. */
  onCommand(listener: (command: ShellCommand) => void): void;
  /** Goes on with a drag out of the window: the files that these ids name. */
  drag(ids: string[]): Promise<Reply>;
  /** Makes places of files dropped on the window. */
  admit(files: File[]): Promise<Reply>;
  /** Shows the system's own dialog. */
  choose(kind: 'folder' | 'pictures' | 'weights'): Promise<Reply>;
}

declare global {
  interface Window {
    mcir?: Bridge;
  }
}

export const bridge = window.mcir;

/** Calls the services. @throws AppError as the services threw it, or `io` where the program is not reached. */
export async function call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>> {
  const reply = bridge
    ? await bridge.call(name, input)
    : await post(`/api/${name}`, JSON.stringify(input), { 'content-type': 'application/json' });
  return calls[name].output.parse(unwrap(reply)) as CallOutput<Name>;
}

/**
 * Events until the page is left. Both shells bring the services back by themselves, the browser's by connecting again;
 * `onConnection` is told when they are gone and when they are there.
 */
export function subscribe(listener: (event: StudioEvent) => void, onConnection: (connected: boolean) => void): void {
  if (bridge) {
    bridge.subscribe(listener);
    bridge.onConnection(onConnection);
    return;
  }
  const connect = (): void => {
    const socket = new WebSocket(`ws://${location.host}/events`);
    socket.onopen = () => onConnection(true);
    socket.onmessage = (message) => listener(JSON.parse(String(message.data)) as StudioEvent);
    socket.onclose = () => {
      onConnection(false);
      setTimeout(connect, 1000);
    };
  };
  connect();
}

/** Address of a picture that the host gave an id; `size` asks for a small one. */
export const pictureUrl = (id: string, size?: number): string =>
  `/picture/${id}${size === undefined ? '' : `?size=${size}`}`;

/** A dropped file and its name inside what was dropped. */
export interface Dropped {
  file: File;
  path: string;
}

/** So many files are copied at once: one is sent while another is written. */
const copiesAtOnce = 2;

/**
 * Makes places of dropped files: by their paths in Electron, else by copying them to the host.
 * @param onCopied is told after each file how many have come, and where they are; the second waits until it knows of the first
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
    unwrap(await post(`/import/${drop}?path=${encodeURIComponent(path)}`, file)) as Place;
  // The first alone: it is shown while the others come.
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

/** Lets files that these ids name be dragged out of the window. Only where there is a bridge. */
export async function dragOut(ids: string[]): Promise<void> {
  if (bridge) unwrap(await bridge.drag(ids));
}

/** Shows the system's dialog. Only where there is a bridge. */
export async function chooseNatively(host: Bridge, kind: Parameters<Bridge['choose']>[0]): Promise<Place[]> {
  return unwrap(await host.choose(kind)) as Place[];
}

/** The places in an answer to a menu's command. @throws AppError why there are none */
export const placesOf = (reply: Reply): Place[] => unwrap(reply) as Place[];

async function post(path: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Reply> {
  let response: Response;
  try {
    response = await fetch(path, { method: 'POST', body, headers });
  } catch (cause) {
    throw new AppError(
      'io',
      told(i18n.language, 'MCIR Studio does not answer. Start it again, then reload this page.'),
      { cause },
    );
  }
  if (response.headers.get('content-type') === 'application/json') return (await response.json()) as Reply;
  throw new AppError('io', await response.text());
}

/** Errors come in English and are thrown in the language of the window. */
function unwrap(reply: Reply): unknown {
  if ('error' in reply) throw AppError.fromWire({ ...reply.error, message: told(i18n.language, reply.error.message) });
  return reply.value;
}
