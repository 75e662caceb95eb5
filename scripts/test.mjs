/**
 * `npm test`: set-up, format, types, lint, imports, unit tests, the window in a browser and in Electron and, if
 * ../shared is next to the checkout, parity with the authors' code. A failure does not stop the rest. The last line has
 * the counts; the exit code is 1 if anything failed.
 */
import { main, setup } from './setup.mjs';
import { Count } from './test/count.mjs';
import { testInElectron } from './test/electronTests.mjs';
import { parity } from './test/parity.mjs';
import { systemPackages } from './test/systemPackages.mjs';

const count = new Count();

async function countParity() {
  const cases = await parity();
  if (cases === undefined) return count.skip('parity: skipped, ../shared/parity is not there');
  count.passed += cases.passed;
  count.failed += cases.failed;
  if (cases.failed > 0) count.failures.push(`parity: ${cases.failed} cases`);
  console.log(`parity: ${cases.passed} passed, ${cases.failed} failed`);
}

main(async () => {
  await setup();
  if (process.env.CI) await systemPackages();
  await count.check('format', 'node_modules/prettier/bin/prettier.cjs', ['--check', '.']);
  await count.check('types', 'node_modules/typescript/bin/tsc', ['--project', '.']);
  await count.check('lint', 'node_modules/eslint/bin/eslint.js', ['.', '--max-warnings', '0']);
  await count.check('imports', 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', [
    'src',
    'test',
    'scripts',
  ]);
  await count.vitest([]);
  await count.vitest(['--config', 'vitest.e2e.config.ts']);
  await testInElectron(count);
  await countParity();
  count.close();
});
