#!/usr/bin/env node
/**
 * Starts the command line with a recent Node, whatever Node the machine has: `npm run mcir -- COMMAND`, and the program
 * `mcir`.
 */
import { existsSync } from 'node:fs';
import { isRecentEnough } from './setup/node.mjs';
import { nodeModules } from './setup/places.mjs';
import { runNode } from './setup/program.mjs';

if (!existsSync(nodeModules)) {
  process.stderr.write('MCIR Studio is not set up yet. Run: npm run setup\n');
  process.exitCode = 1;
} else if (isRecentEnough(process.versions.node)) {
  await import('../src/cli/main.ts');
} else {
  process.exitCode = await runNode(['src/cli/main.ts', ...process.argv.slice(2)]);
}
