#!/usr/bin/env node
/**
 * Sets up a fresh clone: npm packages, a recent Node, TensorFlow, Electron. Steps that are done already are skipped.
 * Runs on plain Node 20 without dependencies, because none of them is installed yet. Progress goes to stderr.
 * MCIR_ELECTRON=no skips Electron.
 * npm run setup installs what is missing
 * npm run setup -- --gpu TensorFlow with CUDA instead (Linux, NVIDIA)
 * npm run setup -- --cpu and back
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { electron } from './setup/electron.mjs';
import { withLock } from './setup/lock.mjs';
import { recentNode } from './setup/node.mjs';
import { packages } from './setup/packages.mjs';
import { cache } from './setup/places.mjs';
import { SetupError, stopAll } from './setup/processes.mjs';
import { tensorflow } from './setup/tensorflow.mjs';

const say = (text) => process.stderr.write(`${text}\n`);

/**
 * Does the steps that are missing; each is checked first. Ctrl-C ends the programs that were started.
 * @param {{ variant?: 'cpu'
 * 'gpu', insist?: boolean }} [options] `insist` downloads Electron even if that has just failed
 * @returns {Promise<string[]>} titles of the steps that were done; empty if all were done before
 */
export async function setup({ variant, insist } = {}) {
  const done = [];
  const interrupt = () => {
    say('Interrupted. Run it again to go on.');
    stopAll();
    process.exit(130);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    // The last step reads which TensorFlow there was before the first replaces node_modules.
    for (const step of [packages, recentNode, tensorflow(variant, { insist }), electron({ insist })]) {
      if (await step.isDone()) continue;
      await withLock(cache, say, async () => {
        if (await step.isDone()) return; // another set-up has done it while we waited
        say(`Setting up: ${step.title}`);
        if ((await step.install(say)) !== false) done.push(step.title);
      });
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  return done;
}

/** Runs a script's main function; an error meant for users is printed in one line. */
export function main(work) {
  work().catch((error) => {
    say(error instanceof SetupError ? error.message : error.stack);
    process.exitCode = 1;
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(async () => {
    const flags = process.argv.slice(2);
    const unknown = flags.find((flag) => flag !== '--gpu' && flag !== '--cpu');
    if (unknown) throw new SetupError(`There is no option ${unknown}. Use --gpu, --cpu or nothing.`);
    const variant = ['gpu', 'cpu'].find((name) => flags.includes(`--${name}`));
    const done = await setup({ variant, insist: true });
    say(done.length > 0 ? `Done: ${done.join(', ')}. Next: npm start` : 'Everything is in place.');
  });
}
