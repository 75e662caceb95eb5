/** `npm run test:electron [-- FILES]`: the tests of the window in a real Electron, alone. */
import { main, setup } from './setup.mjs';
import { Count } from './test/count.mjs';
import { testInElectron } from './test/electronTests.mjs';
import { systemPackages } from './test/systemPackages.mjs';

main(async () => {
  await setup();
  if (process.env.CI) await systemPackages();
  const count = new Count();
  await testInElectron(count, process.argv.slice(2));
  count.close();
});
