/**
 * `npm start`: sets up what is missing, builds the window if it is missing or outdated, and opens it: Electron's
 * window, or the same page in a browser if Electron is not available or `--web` is given.
 * npm start [-- FILES]
 * npm start -- --web [--port N] [--no-open]
 */
import { resolve } from 'node:path';
import { whyInBrowser } from './start/shell.mjs';
import { buildWindow } from './start/window.mjs';
import { main, setup } from './setup.mjs';
import { electronProgram } from './setup/electron.mjs';
import { projectNode } from './setup/node.mjs';
import { runNode, runProgram } from './setup/program.mjs';

const say = (text) => process.stderr.write(`${text}\n`);

main(async () => {
  const args = process.argv.slice(2);
  const web = args.includes('--web');
  const reason = web ? undefined : whyInBrowser();
  if (web || reason) process.env.MCIR_ELECTRON = 'no';
  await setup();
  const electron = process.env.MCIR_ELECTRON === 'no' ? undefined : electronProgram();
  if (reason) say(`${reason} MCIR Studio opens in your browser.`);
  else if (!electron && process.env.MCIR_ELECTRON !== 'no')
    say('Electron is not here; `npm run setup` fetches it. MCIR Studio opens in your browser.');
  const built = await buildWindow(electron !== undefined, say);
  if (built !== 0) process.exitCode = built;
  else if (electron) {
    // Files are relative to the folder in which npm was called.
    const files = args.map((file) => resolve(process.env.INIT_CWD ?? '.', file));
    process.exitCode = await runProgram(electron, ['.', ...files], { env: { MCIR_NODE: projectNode() } });
  } else process.exitCode = await runNode(['src/web/main.ts', ...args.filter((arg) => arg !== '--web')]);
});
