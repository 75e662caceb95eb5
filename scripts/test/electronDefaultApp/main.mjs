/**
 * Replaces the default app of Electron's own downloads, which the tests' Electron lacks: it opens the app whose folder
 * is given on the command line. Playwright loads a module before it (`-r`).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from 'electron/main';

const load = createRequire(import.meta.url);
const words = process.argv.slice(1);
let folder = '.';
for (let index = 0; index < words.length; index++) {
  if (words[index] === '-r') load(resolve(words[++index]));
  else if (!words[index].startsWith('-')) {
    folder = words[index];
    break;
  }
}
folder = resolve(folder);
const { name, productName, version, main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
app.setVersion(version);
app.name = productName ?? name;
app.setPath('userData', join(app.getPath('appData'), app.name));
app.setAppPath(folder);
await import(pathToFileURL(join(folder, main)).href);
