import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import open from 'open';
import { openServices } from '../services/app/openServices.ts';
import { openHome } from '../services/app/home.ts';
import { openStudio } from '../services/studio/studio.ts';
import { messageOf } from '../shared/errors.ts';
import { startServer } from './server.ts';
import { enterRunning, forgetRunning, keepPort, noteRunning, readToken, usualPort, writeDoor } from './webSession.ts';

/**
 * The studio in a browser of this machine: `node src/web/main.ts [--port N] [--no-open]`. A second start shows the
 * studio that runs already.
 */

const renderer = fileURLToPath(new URL('../../out/renderer/', import.meta.url));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, 'no-open': { type: 'boolean', default: false } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('A port is a number from 1 to 65535.');
  if (!existsSync(renderer)) throw new Error('The window has not been built. Run: npm start');

  const home = openHome();
  const show = async (address: string): Promise<void> => {
    say(`MCIR Studio is at ${address}`);
    say('The address lets one browser in, once. Start again for another.');
    if (!values['no-open']) await open(pathToFileURL(await writeDoor(home.root, address)).href).catch(() => undefined);
  };
  const running = await enterRunning(home.root);
  if (running) return show(running);

  const services = await openServices(home);
  const studio = await openStudio(services);
  const token = await readToken(home.root);
  const usual = await usualPort(home.root);
  const server = await startServer(studio, { port, usual, token, renderer });
  // A port that was asked for once, or taken because another program had the usual one, is not the usual one from now on.
  if (port === 0 && usual === undefined) await keepPort(home.root, server.port);
  await noteRunning(home.root, { port: server.port, pid: process.pid, token });

  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    say('Saving…');
    await server.close();
    await studio.close();
    await services.close();
    await forgetRunning(home.root);
    process.exit(0);
  };
  process.on('SIGINT', () => void end());
  process.on('SIGTERM', () => void end());
  await show(server.invite());
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
