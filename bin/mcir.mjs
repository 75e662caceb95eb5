#!/usr/bin/env node
// Starts the command line. Plain JavaScript, so that an older Node can read it and hand over to the Node that
// `npm run setup` installed beside the program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const stripsTypes = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);

if (stripsTypes) {
  await import('../src/cli/main.ts');
} else {
  const node = fileURLToPath(new URL(`../node_modules/.bin/node${process.platform === 'win32' ? '.cmd' : ''}`, import.meta.url));
  if (!existsSync(node)) {
    console.error(`Node ${process.versions.node} is too old for this program. Run: npm run setup`);
    process.exit(1);
  }
  const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit', shell: process.platform === 'win32' });
  // A terminal sends Ctrl-C to both; the child decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
}
