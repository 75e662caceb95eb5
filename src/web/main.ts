import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import open from 'open';
import { openServices } from '../services/app/openServices.ts';
import { openHome } from '../services/app/home.ts';
import { installLastResort, noteOnStderr } from '../services/app/lastResort.ts';
import { openStudio } from '../services/studio/studio.ts';
import { messageOf } from '../shared/errors.ts';
import { hangDoorbell, ring } from './doorbell.ts';
import { newSecrets } from './guard.ts';
import { startServer } from './server.ts';
import { keepPort, leaveBearer, takeBack, usualPort, writeDoor } from './webSession.ts';

/**
 * The studio in a browser on this machine: `node src/web/main.ts [--port N] [--no-open]`. A second start opens the
 * studio that is already running.
 */

const renderer = fileURLToPath(new URL('../../out/renderer/', import.meta.url));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** The log for unexpected errors, and what to close before the program ends. Both are filled in during the start. */
let note: (error: unknown) => void = () => undefined;
const closers: (() => Promise<unknown>)[] = [];

/** Closes everything that was opened, in reverse order. An error does not prevent the rest from being closed. */
async function close(): Promise<void> {
  for (const closer of closers.splice(0).reverse()) await closer().catch((error: unknown) => note(error));
}

installLastResort({
  note: (error) => {
    noteOnStderr(error);
    note(error);
  },
  save: close,
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, 'no-open': { type: 'boolean', default: false } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error('The port must be a whole number from 1 to 65535.');
  if (!existsSync(renderer)) throw new Error('The window has not been built. Run: npm start');

  const home = openHome();
  const show = async (address: string): Promise<void> => {
    say(`MCIR Studio is at ${address}`);
    say('This address works once, in one browser. Restart MCIR Studio to get another.');
    if (values['no-open']) return;
    const door = await writeDoor(home.root, address).catch(() => undefined);
    if (door !== undefined) await open(pathToFileURL(door).href).catch(() => undefined);
  };
  const running = await ring(home.root);
  if (running !== undefined) return show(running);

  const services = await openServices(home);
  note = (error) => services.log.fatal({ err: error }, 'An unexpected error');
  closers.push(() => services.close());
  const studio = await openStudio(services);
  closers.push(() => studio.close());
  const secrets = newSecrets();
  const usual = usualPort(home.root);
  const server = await startServer(studio, { port, usual, secrets, renderer });
  closers.push(() => server.close());
  // A port from `--port`, or one chosen because the usual port was taken, is not remembered.
  if (port === 0 && usual === undefined) await optional(keepPort(home.root, server.port));
  closers.push(() => takeBack(home.root));
  await optional(leaveBearer(home.root, secrets.bearer));
  const bell = await hangDoorbell(home.root, () => server.invite()).catch((error: unknown) => {
    note(error);
    say(`Another start of MCIR Studio will not find this one: ${messageOf(error)}`);
  });
  if (bell) closers.push(() => bell.close());

  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    say('Saving…');
    await close();
    process.exit(0);
  };
  process.on('SIGINT', () => void end());
  process.on('SIGTERM', () => void end());
  await show(server.invite());
}

/** The program works without this file, so a full disk must not prevent it from starting. */
const optional = (work: Promise<void>): Promise<void> => work.catch((error: unknown) => note(error));

main().catch(async (error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
  await close();
});
