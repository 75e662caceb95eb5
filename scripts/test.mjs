/**
 * `npm test`: set-up, format, types, lint, imports, unit tests and, where ../shared lies beside the checkout, parity with
 * the authors' code. Everything runs even when something before it failed. The last line counts; exit 1 if anything failed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, setup } from './setup.mjs';
import { runNode } from './setup/program.mjs';
import { parity } from './test/parity.mjs';
import { systemPackages } from './test/systemPackages.mjs';

const count = { passed: 0, failed: 0, skipped: 0 };
/** What failed, said again at the end: the output before it is long. @type {string[]} */
const failures = [];

/** Counts a check that passes or fails as a whole. */
async function check(title, file, args) {
  const code = await runNode([file, ...args]);
  count[code === 0 ? 'passed' : 'failed'] += 1;
  if (code !== 0) failures.push(title);
  console.log(`${title}: ${code === 0 ? 'passed' : 'failed'}`);
}

/** The failed tests of a file with the first line of their reasons, or the file itself where it did not load. */
function failuresOf(suite) {
  const failed = suite.assertionResults.filter((test) => test.status === 'failed');
  const first = (message) => message?.split('\n')[0] ?? '';
  if (suite.status === 'failed' && failed.length === 0) return [`${suite.name}: ${first(suite.message)}`];
  return failed.map((test) => `${suite.name}: ${test.fullName}: ${first(test.failureMessages[0])}`);
}

/** @param {string[]} options of vitest */
async function vitest(...options) {
  const folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
  const file = join(folder, 'vitest.json');
  try {
    const code = await runNode([
      'node_modules/vitest/vitest.mjs',
      'run',
      ...options,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ]);
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const failed = report.testResults.flatMap(failuresOf);
    // vitest can fail outside of any test.
    if (code !== 0 && failed.length === 0) failed.push(`vitest ${options.join(' ')}`);
    count.passed += report.numPassedTests;
    count.skipped += report.numPendingTests + report.numTodoTests;
    count.failed += failed.length;
    failures.push(...failed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function countParity() {
  const cases = await parity();
  if (cases === undefined) {
    count.skipped += 1;
    console.log('parity: skipped, ../shared/parity is not there');
    return;
  }
  count.passed += cases.passed;
  count.failed += cases.failed;
  if (cases.failed > 0) failures.push(`parity: ${cases.failed} cases`);
  console.log(`parity: ${cases.passed} passed, ${cases.failed} failed`);
}

main(async () => {
  await setup();
  if (process.env.CI) await systemPackages();
  await check('format', 'node_modules/prettier/bin/prettier.cjs', ['--check', '.']);
  await check('types', 'node_modules/typescript/bin/tsc', ['--project', '.']);
  await check('lint', 'node_modules/eslint/bin/eslint.js', ['.', '--max-warnings', '0']);
  await check('imports', 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', ['src', 'test', 'scripts']);
  await vitest();
  await vitest('--config', 'vitest.e2e.config.ts');
  await countParity();
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(`tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  process.exitCode = count.failed > 0 ? 1 : 0;
});
