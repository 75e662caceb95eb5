import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };

/** The program's version, as in run records and `--version`. */
export const programVersion = packageJson.version;

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Commit of the program's files, with a `+` if they were changed; undefined outside of its repository. */
export function programCommit(): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
    }).trim();
  try {
    // An installed program may be inside another repository.
    if (git('rev-parse', '--show-prefix') !== '') return undefined;
    return `${git('rev-parse', '--short=10', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') ? '+' : ''}`;
  } catch {
    return undefined;
  }
}
