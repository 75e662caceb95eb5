/**
 * `npm run package [-- OPTIONS]`: makes the installed program in dist/, with the options of electron-builder, such as
 * `--dir` for a folder instead of an installer.
 */
import { main, setup } from './setup.mjs';
import { packProgram } from './package/pack.mjs';

main(async () => {
  await setup();
  process.exitCode = await packProgram(process.argv.slice(2));
});
