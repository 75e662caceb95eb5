import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { degradations } from '../../core/degradations/index.ts';
import { type DatasetReport, inspectDataset } from '../../services/datasets/datasets.ts';
import type { Register } from '../cliContext.ts';
import { exitCode, type Output } from '../output.ts';

/** Lines of a list shown to people; `--json` has all of them. */
const SHOWN = 10;

/** `mcir data check` and `mcir degradations`: what a training would use as data. */
export const registerData: Register = (program, { output }) => {
  const data = program.command('data').description('check data sets');
  data
    .command('check')
    .description('show the pairs of a data set, pictures without a match, and files that cannot be read')
    .argument('<target>', 'folder of clean pictures, or the root folder of a data set with both')
    .option('--input <folder>', 'folder of degraded pictures')
    .option('--clean', 'there are only clean pictures; degradations make the inputs')
    .option('--scale <times>', 'how many times smaller the inputs are', scaleOf, 1)
    .option('--deep', 'decode every picture completely instead of reading headers only')
    .addHelpText(
      'after',
      '\nConventions: same names; RESIDE and DDN (the clean name before the first _); rain-N and norain-N; DIV2K (0001x4);\nSIDD, GoPro, RealSR, Raindrop; folders hazy/clear, hazy/GT, input/target, input/groundtruth, blur/sharp, LR/HR …',
    )
    .action(async (target: string, options: { input?: string; clean?: boolean; scale: number; deep?: boolean }) => {
      const { input, clean, scale, deep } = options;
      const report = await inspectDataset(
        { target, input, scale, clean: clean ?? false },
        { deep: deep ?? false, onProgress: progressOn(output) },
      );
      output.result(report, describe(report));
      if (report.problems.length > 0) process.exitCode = exitCode.failed;
    });

  program
    .command('degradations')
    .description('list the degradations and their settings')
    .action(() => {
      const list = degradations.map(({ id, title, description, schema }) => ({
        id,
        title,
        description,
        settings: z.toJSONSchema(schema, { io: 'input' }),
      }));
      const text = list.map(({ id, title, description, settings }) => {
        const fields = Object.entries(settings.properties ?? {}).map(([name, field]) => {
          const { description: meaning = '', default: value } = field as { description?: string; default?: unknown };
          return `    ${name} = ${JSON.stringify(value)}  ${meaning}`;
        });
        return [`${id}: ${title}. ${description}`, ...fields].join('\n');
      });
      output.result({ degradations: list }, text.join('\n\n'));
    });
};

function scaleOf(text: string): number {
  const scale = Number(text);
  if (!Number.isInteger(scale) || scale < 1 || scale > 8)
    throw new InvalidArgumentError('Give a whole number from 1 to 8.');
  return scale;
}

function progressOn(output: Output): (done: number, total: number) => void {
  return (done, total) => {
    if (output.interactive && (done % 50 === 0 || done === total))
      process.stderr.write(`\r${done}/${total} pictures${done === total ? '\n' : ''}`);
  };
}

function describe({ convention, samples, unmatched, others, problems, checked, statistics }: DatasetReport): string {
  const { width, height, formats, grey, withAlpha } = statistics;
  const list = (title: string, lines: readonly string[]): string[] => {
    if (lines.length === 0) return [];
    const more = lines.length > SHOWN ? [`  … and ${lines.length - SHOWN} more; --json lists all`] : [];
    return [`${title}:`, ...lines.slice(0, SHOWN).map((line) => `  ${line}`), ...more];
  };
  return [
    convention ? `${samples.length} pairs, by ${convention}` : `${samples.length} clean pictures`,
    ...list(
      'Pairs',
      samples.flatMap(({ input, target }) => (input === undefined ? [] : [`${input}  →  ${target}`])),
    ),
    ...list(`Without a match (${unmatched.length})`, unmatched),
    ...list(
      `Cannot be used (${problems.length})`,
      problems.map(({ file, reason }) => (reason.includes(file) ? reason : `${file}: ${reason}`)),
    ),
    ...list(`Not pictures (${others.length})`, others),
    `Of ${checked} checked: ${width.smallest} to ${width.largest} pixels wide (median ${width.median}), ${height.smallest} to ${height.largest} high (median ${height.median})`,
    Object.entries(formats)
      .map(([format, count]) => `${count} ${format}`)
      .join('; '),
    ...(grey > 0 ? [`${grey} are grey and are used as RGB.`] : []),
    ...(withAlpha > 0 ? [`${withAlpha} have an alpha channel, which training ignores.`] : []),
  ].join('\n');
}
