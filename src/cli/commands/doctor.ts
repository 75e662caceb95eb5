import { writeReport } from '../../services/app/bugReport.ts';
import { gpuReport } from '../../services/restoring/gpuReport.ts';
import { forgetFindings } from '../../services/restoring/verdictStore.ts';
import { examine } from '../../services/app/doctor.ts';
import type { Register } from '../cliContext.ts';
import { exitCode } from '../output.ts';

interface Options {
  report?: string;
  gpu?: boolean;
  askAgain?: boolean;
}

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
    .option('--gpu', 'print which devices can restore on this computer, for pasting into an issue')
    .option('--ask-again', 'delete the findings about backends, so that each model is compared and timed again')
    .action(async ({ report: file, gpu = false, askAgain = false }: Options) => {
      if (askAgain) forgetFindings(context.home);
      if (file !== undefined) {
        const path = await writeReport(await context.services(), file);
        context.output.result({ report: path }, `The report is ${path}. Read it before you send it.`);
        return;
      }
      if (gpu) {
        const found = await gpuReport(context.home);
        context.output.result(found, found.lines.join('\n'));
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
