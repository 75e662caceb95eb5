#!/usr/bin/env node
/**
 * `npm run licences`: every package that the program is shipped with, with version and licence, from package-lock.json.
 * Exits with code 1 if a package has no licence, or one that is not in the list below.
 * npm run licences
 * npm run licences -- --json
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Licences whose conditions this program meets: their texts are in the packages in node_modules. Under the LGPL are
 * libvips and its dependencies, which sharp loads as a separate, replaceable library, and libheif, a replaceable
 * WebAssembly file (docs/decisions/0013-formats.md).
 */
const known = new Set(
  '0BSD Apache-2.0 BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause CC0-1.0 CC-BY-3.0 ISC LGPL-3.0 LGPL-3.0-or-later MIT Python-2.0'.split(
    ' ',
  ),
);

const { packages } = JSON.parse(readFileSync(fileURLToPath(new URL('../package-lock.json', import.meta.url)), 'utf8'));
const shipped = Object.entries(packages)
  .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
  .map(([path, { version, license = '' }]) => ({
    name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version,
    licence: license,
  }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** All licences in an expression such as `(MIT OR CC0-1.0)`. */
const licencesIn = (expression) => expression.match(/[\w.+-]+/g)?.filter((word) => !/^(AND|OR|WITH)$/.test(word)) ?? [];
const isKnown = ({ licence }) => licencesIn(licence).length > 0 && licencesIn(licence).every((name) => known.has(name));

if (process.argv.includes('--json')) console.log(JSON.stringify(shipped, null, 2));
else {
  for (const { name, version, licence } of shipped) console.log(`${name} ${version}  ${licence || 'no licence'}`);
  const counts = new Map();
  for (const { licence } of shipped)
    counts.set(licence || 'no licence', (counts.get(licence || 'no licence') ?? 0) + 1);
  console.log(`\n${shipped.length} packages:`);
  for (const [licence, count] of [...counts].sort(([, a], [, b]) => b - a))
    console.log(`${String(count).padStart(5)}  ${licence}`);
}
for (const found of shipped.filter((each) => !isKnown(each))) {
  process.stderr.write(`${found.name} has the licence "${found.licence}", which has not been reviewed yet.\n`);
  process.exitCode = 1;
}
