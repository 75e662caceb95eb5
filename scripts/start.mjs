/** `npm start`: sets up what is missing, then shows the program: for now the guided sample in the terminal. */
import { main, setup } from './setup.mjs';
import { runNode } from './setup/program.mjs';

main(async () => {
  await setup();
  process.exitCode = await runNode(['src/cli/main.ts', 'demo', ...process.argv.slice(2)]);
});
