import { fileURLToPath } from 'node:url';
import { writeWhole } from '../../core/files/privateFile.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/**
 * Writes a one-line script that starts `mcir edit` with these arguments and the files it gets. Photo managers call an
 * external editor by its path, with only the files as arguments and without a shell that would find Node.
 * @param file its path; an existing file is replaced
 */
export async function writeEditLauncher(
  file: string,
  args: readonly string[],
  platform = process.platform,
): Promise<void> {
  const words = [process.execPath, main, 'edit', ...args];
  const home = process.env['MCIR_HOME'];
  await writeWhole(file, platform === 'win32' ? windowsCommands(words, home) : shellScript(words, home), 0o755);
}

function shellScript(words: readonly string[], home: string | undefined): string {
  const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  return [
    '#!/bin/sh',
    ...(home === undefined ? [] : [`export MCIR_HOME=${quoted(home)}`]),
    `exec ${words.map(quoted).join(' ')} "$@"`,
    '',
  ].join('\n');
}

function windowsCommands(words: readonly string[], home: string | undefined): string {
  // A single `%` would start a variable; the UTF-8 code page is for names with non-ASCII letters.
  const quoted = (word: string): string => `"${word.replaceAll('%', '%%')}"`;
  return [
    '@chcp 65001 > nul',
    ...(home === undefined ? [] : [`@set ${quoted(`MCIR_HOME=${home}`)}`]),
    `@${words.map(quoted).join(' ')} %*`,
    '',
  ].join('\r\n');
}
