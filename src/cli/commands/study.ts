import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Services } from '../../services/app/openServices.ts';
import type { Cell } from '../../services/studies/studies.ts';
import { exportStudy } from '../../services/studies/studyExport.ts';
import { readStudyFile } from '../../services/studies/studyFile.ts';
import { studyReport, type StudyResult } from '../../services/studies/studyReport.ts';
import { studyResult } from '../../services/studies/studyResult.ts';
import { AppError } from '../../shared/errors.ts';
import { verdictsOf } from '../../services/studies/verdicts.ts';
import type { StudyPlan } from '../../shared/studies.ts';
import type { Register } from '../cliContext.ts';
import { watchTraining } from '../followTraining.ts';
import { type Output, table, wrongUse } from '../output.ts';

/** `mcir study`: trains several arms with several seeds, measures them once on locked pictures, and gives a verdict. */
export const registerStudy: Register = (program, context) => {
  const { output } = context;
  const study = program.command('study').description('compare trainings over several seeds, with a verdict');
  study
    .command('run')
    .description('start a study and do all of its trainings; `mcir study resume` goes on')
    .argument('<file>', 'the study (YAML); examples are in resources/studies')
    .action(async (file: string) => {
      const services = await context.services();
      const plan = await services.studies.create(readStudyFileOrExit(file), (text) => output.log(text)).catch(wrongUse);
      output.log(
        `Study ${plan.id}: ${plan.arms.length} arms, ${plan.seeds.length} seeds, in ${services.studies.folders.path(plan.id)}`,
      );
      await follow(services, plan, output);
    });

  study
    .command('resume')
    .description('go on with a study that was stopped or interrupted')
    .argument('<study>', 'its id, as `mcir study list` shows it')
    .action(async (id: string) => {
      const services = await context.services();
      await follow(services, planOrExit(services.studies, id), output);
    });

  study
    .command('list')
    .description('show the studies there are')
    .action(async () => {
      const { studies } = await context.services();
      const plans = studies.folders.list();
      const rows = plans.map((plan) => {
        const cells = studies.cells(plan);
        return [
          plan.id,
          plan.name,
          `${cells.filter(({ run }) => run?.state === 'finished').length} of ${cells.length}`,
        ];
      });
      output.result({ studies: plans.map(({ id, name }) => ({ id, name })) }, table(['id', 'name', 'trained'], rows));
    });

  study
    .command('status')
    .description('show how far each training of a study is')
    .argument('<study>', 'its id')
    .action(async (id: string) => {
      const { studies } = await context.services();
      const plan = planOrExit(studies, id);
      const cells = studies.cells(plan);
      const rows = cells.map(({ arm, seed, run }) => [
        arm,
        seed,
        run?.id ?? '',
        run?.state ?? 'waiting',
        run ? `${run.step} of ${run.steps}` : '',
        run?.best ? run.best.psnr.toFixed(3) : '',
      ]);
      const { opened } = studies.folders.figures(id);
      output.result(
        { study: id, finalOpened: opened ?? null, trainings: cells },
        table(['arm', 'seed', 'run', 'state', 'step', 'best PSNR, dB'], rows),
      );
    });

  study
    .command('report')
    .description('write the report of a study as one HTML file, and print its verdict')
    .argument('<study>', 'its id')
    .option('--out <file>', 'where to write it; by default STUDY.html here')
    .action(async (id: string, { out = `${id}.html` }: { out?: string }) => {
      const services = await context.services();
      const result = studyResult(services, planOrExit(services.studies, id));
      await writeFile(resolve(out), studyReport(result));
      printVerdict(result, output, `Report: ${resolve(out)}`);
    });

  study
    .command('export')
    .description('write a study into a new folder: report, figures and locked lists as CSV, with hashes')
    .argument('<study>', 'its id')
    .requiredOption('--out <folder>', 'a folder that does not exist yet')
    .action(async (id: string, { out }: { out: string }) => {
      const services = await context.services();
      const result = studyResult(services, planOrExit(services.studies, id));
      await exportStudy(result, resolve(out)).catch(wrongUse);
      output.result({ study: id, folder: resolve(out) }, `Wrote ${resolve(out)}.`);
    });
};

function readStudyFileOrExit(file: string): ReturnType<typeof readStudyFile> {
  try {
    return readStudyFile(file);
  } catch (error) {
    return wrongUse(error);
  }
}

function planOrExit({ folders }: Services['studies'], id: string): StudyPlan {
  try {
    return folders.plan(id);
  } catch (error) {
    return wrongUse(error);
  }
}

async function follow(services: Services, plan: StudyPlan, output: Output): Promise<void> {
  const { studies } = services;
  const shown: Promise<void>[] = [];
  const show = (study: string, { arm, seed }: Cell, run: { id: string }): void => {
    if (study !== plan.id) return;
    output.log(`${arm}, seed ${seed}`);
    shown.push(watchTraining(services, run.id, output));
  };
  studies.events.on('training', show);
  await studies.start(plan.id);
  const { state, error } = await studies.ended(plan.id);
  await Promise.all(shown);
  if (error) throw AppError.fromWire(error);
  if (state !== 'finished')
    throw new AppError('cancelled', `The study was cancelled. Resume it with \`mcir study resume ${plan.id}\`.`);
  printVerdict(studyResult(services, plan), output, `Report: mcir study report ${plan.id}`);
}

function printVerdict(result: StudyResult, output: Output, last: string): void {
  const verdicts = verdictsOf(result.plan, result.figures);
  const words = verdicts.map((verdict) => verdict.words);
  const { id } = result.plan;
  output.result({ study: id, verdicts }, [...(words.length > 0 ? words : ['No verdict yet.']), last].join('\n'));
}
