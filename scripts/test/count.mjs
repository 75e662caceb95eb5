import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from '../setup/program.mjs';

/** Runs checks one after the other and counts them; a failed check does not stop the next one. */
export class Count {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Failures, listed again at the end because the output before it is long. @type {string[]} */
  failures = [];

  /** Counts a check that passes or fails as a whole. */
  async check(title, file, args) {
    const code = await runNode([file, ...args]);
    this[code === 0 ? 'passed' : 'failed'] += 1;
    if (code !== 0) this.failures.push(title);
    console.log(`${title}: ${code === 0 ? 'passed' : 'failed'}`);
  }

  /** Counts a check that could not be run here, with the reason. */
  skip(reason) {
    this.skipped += 1;
    console.log(reason);
  }

  /**
   * Counts the tests of one run of vitest.
   * @param {string[]} args of vitest
   * @param {Parameters<typeof runNode>[1]} [options] how to run it
   */
  async vitest(args, options) {
    const folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
    const file = join(folder, 'vitest.json');
    const command = ['node_modules/vitest/vitest.mjs', 'run', ...args];
    try {
      const code = await runNode(
        [...command, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
        options,
      );
      const report = JSON.parse(readFileSync(file, 'utf8'));
      const failed = report.testResults.flatMap(failuresOf);
      // vitest can also fail outside of any test.
      if (code !== 0 && failed.length === 0) failed.push(`vitest ${args.join(' ')}`);
      this.passed += report.numPassedTests;
      this.skipped += report.numPendingTests + report.numTodoTests;
      this.failed += failed.length;
      this.failures.push(...failed);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Prints the failures and the closing line; the exit code is 1 if anything failed. */
  close() {
    for (const failure of this.failures) console.log(`failed: ${failure}`);
    console.log(`tests: ${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
    process.exitCode = this.failed > 0 ? 1 : 0;
  }
}

/** The failed tests of a file with the first lines of their messages, or the file itself if it did not load. */
function failuresOf(suite) {
  const failed = suite.assertionResults.filter((test) => test.status === 'failed');
  const first = (message) => message?.split('\n')[0] ?? '';
  if (suite.status === 'failed' && failed.length === 0) return [`${suite.name}: ${first(suite.message)}`];
  return failed.map((test) => `${suite.name}: ${test.fullName}: ${first(test.failureMessages[0])}`);
}
