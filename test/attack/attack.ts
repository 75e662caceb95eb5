/**
 * `npm run attack -- [--only NAME]`: an attack on the whole program from outside, as somebody would try it who has only its
 * addresses, its folders and the files that it opens. It prints how often each way was tried, what was found, the longest
 * time that a small call took meanwhile, and the memory of the services. Linux; some of it needs root.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { configurations, models, names, pictures } from './files.ts';
import { connections, inputs, routes } from './network.ts';
import { clocks, planted, secondUser } from './planted.ts';
import { Tally, Target } from './target.ts';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'mcir-attack-'));
chmodSync(folder, 0o755);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
let tries = 0;
let found = 0;

/** One kind of attack, with its own server if it needs one. */
async function attack(
  name: string,
  act: (tally: Tally, target: Target) => Promise<void>,
  needsServer = true,
): Promise<void> {
  if (values.only !== undefined && values.only !== name) return;
  const tally = new Tally(name);
  const began = performance.now();
  let figures = '';
  if (needsServer) {
    const home = join(folder, `home ${name}`);
    mkdirSync(home, { mode: 0o700 });
    const target = await Target.start(home);
    await act(tally, target).catch((error: unknown) => tally.expect(false, () => String(error)));
    const end = await target.stop();
    tally.expect(end === undefined, () => `the program: ${end}`);
    figures = `; of ${target.calls} small calls meanwhile the longest took ${Math.round(target.worstCall)} ms; services ${Math.round(target.worstMemory)} MB`;
  } else await act(tally, undefined as never);
  tries += tally.tries;
  found += tally.findings.length;
  const seconds = Math.round((performance.now() - began) / 1000);
  say(`${name}: ${tally.tries} tries in ${seconds} s, ${tally.findings.length} findings${figures}`);
  for (const finding of tally.findings) say(`  FOUND ${finding}`);
}

await attack('routes', (tally, target) => routes(target, tally));
await attack('connections', (tally, target) => connections(target, tally));
await attack('inputs', (tally, target) => inputs(target, tally));
await attack('pictures', (tally, target) => pictures(target, tally, folder));
await attack('names', (tally, target) => names(target, tally, folder));
await attack('models', (tally, target) => models(target, tally, folder));
await attack('configurations', (tally) => Promise.resolve(configurations(tally, folder)), false);
await attack('planted', (tally) => planted(tally, folder), false);
await attack('clocks', (tally) => clocks(tally, folder), false);
if (process.getuid?.() === 0) await attack('second user', (tally, target) => secondUser(target, tally));
rmSync(folder, { recursive: true, force: true });
say(`${tries} tries, ${found} findings`);
process.exitCode = found > 0 ? 1 : 0;
