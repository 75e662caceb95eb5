import { examine } from '../../services/doctor.ts';
import type { Register } from '../context.ts';
import { exitCode } from '../output.ts';

const marks = { ok: '✓', warning: '!', missing: '✗' } as const;

/** `mcir doctor`: what the program needs and has; exit 1 where something is missing. */
export const registerDoctor: Register = (program, context) => {
  program
    .command('doctor')
    .description('check engine, device, libraries and folders, and say how to mend what is missing')
    .action(async () => {
      const report = await examine(context.home);
      const width = Math.max(...report.checks.map(({ title }) => title.length));
      const lines = report.checks.map(({ title, state, detail, fix }) => `${marks[state]} ${title.padEnd(width)}  ${detail}${fix ? `\n  ${' '.repeat(width)}  → ${fix}` : ''}`);
      context.output.result(report, lines.join('\n'));
      if (report.checks.some(({ state }) => state === 'missing')) process.exitCode = exitCode.failed;
    });
};
