/**
 * `npm start`: sets up what is missing, builds the window where it is missing or old, and opens it: Electron's, or the
 * same in a browser where Electron is not there or `--web` asks for it.
 *
 *   npm start
 *   npm start -- --web [--port N] [--no-open]
 */
import { electronProgram } from './start/electron.mjs';
import { buildWindow } from './start/window.mjs';
import { main, setup } from './setup.mjs';
import { projectNode } from './setup/node.mjs';
import { runNode, runProgram } from './setup/program.mjs';

const say = (text) => process.stderr.write(`${text}\n`);

main(async () => {
  await setup();
  const args = process.argv.slice(2);
  const electron = args.includes('--web') ? undefined : electronProgram();
  if (!electron && !args.includes('--web'))
    say('Electron is not here (npx install-electron fetches it), so MCIR Studio opens in your browser.');
  const built = await buildWindow(electron !== undefined, say);
  if (built !== 0) process.exitCode = built;
  else if (electron) process.exitCode = await runProgram(electron, ['.'], { env: { MCIR_NODE: projectNode() } });
  else process.exitCode = await runNode(['src/web/main.ts', ...args.filter((arg) => arg !== '--web')]);
});
