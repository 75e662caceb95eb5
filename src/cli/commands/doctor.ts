import { writeReport } from '../../services/app/bugReport.ts';
import { examine } from '../../services/app/doctor.ts';
import type { Register } from '../cliContext.ts';
import { exitCode } from '../output.ts';

const marks = { ok: '✓', warning: '!', missing: '✗' } as const;

/**
 * `mcir doctor`: checks the installation; exits with 1 if something is missing. With `--report` it writes a zip for a
 * bug report.
 */
export const registerDoctor: Register = (program, context) => {
  program
    .command('doctor')
    .description('check engine, device, libraries and folders, and print the command that fixes each problem')
    .option(
      '--report <file>',
      'write a zip for a bug report instead: logs and settings, without pictures, their names or your paths',
    )
    .action(async ({ report: file }: { report?: string }) => {
      if (file !== undefined) {
        const path = await writeReport(await context.services(), file);
        context.output.result({ report: path }, `The report is ${path}. Read it before you send it.`);
        return;
      }
      const report = await examine(context.home);
      const width = Math.max(...report.checks.map(({ title }) => title.length));
      const lines = report.checks.map(
        ({ title, state, detail, fix }) =>
          `${marks[state]} ${title.padEnd(width)}  ${detail}${fix ? `\n  ${' '.repeat(width)}  → ${fix}` : ''}`,
      );
      context.output.result(report, lines.join('\n'));
      if (report.checks.some(({ state }) => state === 'missing')) process.exitCode = exitCode.failed;
    });
};
