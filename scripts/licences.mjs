#!/usr/bin/env node
/**
 * `npm run licences`: every package that the program is shipped with, with version and licence, from package-lock.json.
 * Exits with code 1 if a package has no licence, or one that is not in the list below.
 * npm run licences
 * npm run licences -- --json
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Licences whose conditions this program meets: their texts lie beside the packages in node_modules. Those of the LGPL are
 * libvips and what it is built of, which sharp loads as a library of its own that can be exchanged, and libheif, LibRaw and
 * libvips as files of WebAssembly, which can be exchanged too (docs/decisions/0013-formats.md).
 */
const known = new Set(
  '0BSD Apache-2.0 BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause CC0-1.0 CC-BY-3.0 CDDL-1.0 IJG ISC LGPL-2.1 LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-or-later libpng libtiff MIT Python-2.0 Zlib'.split(
    ' ',
  ),
);

/** Packages that name no licence, with the one that is written in their file LICENSE. */
const written = { jstat: 'MIT' };

const project = fileURLToPath(new URL('../', import.meta.url));
const readJson = (path) => JSON.parse(readFileSync(resolve(project, path), 'utf8'));
const lock = process.argv.slice(2).find((each) => each.endsWith('.json'));
const { packages } = readJson(lock ?? 'package-lock.json');
/** What is compiled into a package, and is not named by its licence. */
const inside = Map.groupBy(readJson('src/shared/librariesInside.json'), (library) => library.package);

const shipped = Object.entries(packages)
  .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
  .map(([path, { version, license }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return { name, version, licence: license ?? written[name] ?? '', path, holds: inside.get(name) ?? [] };
  })
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** All licences in an expression such as `(MIT OR CC0-1.0)`. */
const licencesIn = (expression) => expression.match(/[\w.+-]+/g)?.filter((word) => !/^(AND|OR|WITH)$/.test(word)) ?? [];
const isKnown = (expression) =>
  licencesIn(expression).length > 0 && licencesIn(expression).every((name) => known.has(name));
/** WebAssembly is compiled from libraries, whose licences a package rarely declares. */
const holdsWebAssembly = (path) =>
  existsSync(resolve(project, path)) &&
  readdirSync(resolve(project, path), { recursive: true }).some((file) => file.endsWith('.wasm'));

const problems = shipped.flatMap(({ name, licence, path, holds }) => [
  ...[{ name, licence }, ...holds]
    .filter((each) => !isKnown(each.licence))
    .map((each) => `${each.name} has the licence "${each.licence}", which nobody has looked at yet.`),
  ...(holds.length === 0 && holdsWebAssembly(path)
    ? [`${name} holds WebAssembly. Find out what it is compiled of, and enter it in src/shared/librariesInside.json.`]
    : []),
]);

if (process.argv.includes('--json'))
  console.log(
    JSON.stringify(
      shipped.map(({ path: _, ...each }) => each),
      null,
      2,
    ),
  );
else {
  for (const { name, version, licence, holds } of shipped) {
    console.log(`${name} ${version}  ${licence || 'no licence'}`);
    for (const library of holds) console.log(`    holds ${library.name} ${library.version}  ${library.licence}`);
  }
  const counts = new Map();
  for (const { licence } of shipped)
    counts.set(licence || 'no licence', (counts.get(licence || 'no licence') ?? 0) + 1);
  console.log(`\n${shipped.length} packages:`);
  for (const [licence, count] of [...counts].sort(([, a], [, b]) => b - a))
    console.log(`${String(count).padStart(5)}  ${licence}`);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
