import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };

/** The program's version, as run records and `--version` tell it. */
export const programVersion = packageJson.version;

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The commit that the program's files are at, with a `+` where they differ from it; undefined outside its repository. */
export function programCommit(): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
    }).trim();
  try {
    // Another repository may lie around an installed program.
    if (git('rev-parse', '--show-prefix') !== '') return undefined;
    return `${git('rev-parse', '--short=10', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') ? '+' : ''}`;
  } catch {
    return undefined;
  }
}
