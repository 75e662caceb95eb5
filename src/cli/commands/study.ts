import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Option } from 'commander';
import type { Services } from '../../services/app/openServices.ts';
import type { Cell } from '../../services/studies/studies.ts';
import { keptRoots, openRoots } from '../../services/machines/roots.ts';
import { studyOnSlurm, submitStudy } from '../../services/machines/studyOnSlurm.ts';
import { exportStudy } from '../../services/studies/studyExport.ts';
import { readStudyFile } from '../../services/studies/studyFile.ts';
import { studyReport, type StudyResult } from '../../services/studies/studyReport.ts';
import { studyResult } from '../../services/studies/studyResult.ts';
import { AppError } from '../../shared/errors.ts';
import { verdictsOf } from '../../services/studies/verdicts.ts';
import type { StudyPlan } from '../../shared/studies.ts';
import type { QueueAddress, Travel } from '../../shared/travel.ts';
import type { Register } from '../cliContext.ts';
import { watchTraining } from '../followTraining.ts';
import { machinesOf } from '../machinesTable.ts';
import { wholeNumber } from '../numbers.ts';
import { addQueueOptions, addRootOption, type QueueOptions, queueOf } from '../queueOptions.ts';
import { type Output, table, wrongUse } from '../output.ts';

const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url));

interface SubmitOptions extends QueueOptions {
  shared?: string;
  partition?: string;
  arrayLimit?: number;
  time?: string;
  gpus?: number;
  cpus?: number;
  command?: string;
}

/** `mcir study`: trains several arms with several seeds, measures them once on locked pictures, and gives a verdict. */
export const registerStudy: Register = (program, context) => {
  const { output } = context;
  const study = program.command('study').description('compare trainings over several seeds, with a verdict');
  const runCommand = study
    .command('run')
    .description('start a study and do all of its trainings; `mcir study resume` resumes it')
    .argument('<file>', 'the study (YAML); examples are in resources/studies')
    .option('--shared <folder>', 'folder inside a root for the work of other machines; by default the root itself');
  addQueueOptions(runCommand).action(async (file: string, options: QueueOptions & { shared?: string }) => {
    const queue = queueOf(options);
    const travel = queue && (await travelOf(options, queue));
    const services = await context.services();
    const plan = await services.studies.create(readStudyFileOrExit(file), (text) => output.log(text)).catch(wrongUse);
    output.log(
      `Study ${plan.id}: ${plan.arms.length} arms, ${plan.seeds.length} seeds, in ${services.studies.folders.path(plan.id)}`,
    );
    if (travel) services.studies.folders.setTravel(plan.id, travel);
    await follow(services, plan, output);
  });

  addRootOption(
    study
      .command('submit')
      .description('submit the trainings of a study to a cluster; `mcir study resume` takes their results')
      .argument('<study>', 'its file (YAML), or the id of a study that exists')
      .requiredOption('--slurm', 'to Slurm, as an array with a task for each training')
      .option('--shared <folder>', 'folder inside a root for the work; by default the root itself')
      .option('--partition <name>', 'the partition')
      .addOption(
        new Option('--array-limit <number>', 'maximum number of tasks at a time').argParser(wholeNumber(1, 10_000)),
      )
      .option(
        '--time <limit>',
        'time limit of a task, as Slurm writes it; a training saves before it and is resumed later',
      )
      .addOption(new Option('--gpus <number>', 'GPUs of a task').argParser(wholeNumber(1, 16)))
      .addOption(new Option('--cpus <number>', 'processor cores of a task').argParser(wholeNumber(1, 1024)))
      .option('--command <words>', 'command that starts this program on a node; by default the same as here'),
  ).action(async (reference: string, options: SubmitOptions) => {
    const travel = await travelOf(options);
    const services = await context.services();
    const { studies } = services;
    const plan = existsSync(reference)
      ? await studies.create(readStudyFileOrExit(reference), (text) => output.log(text)).catch(wrongUse)
      : planOrExit(studies, reference);
    studies.folders.setTravel(plan.id, travel);
    const { partition, arrayLimit, time, gpus, cpus } = options;
    const { job, runs } = await submitStudy(services, plan, {
      ...{ roots: keptRoots(travel.roots), at: travel.place },
      command: options.command?.split(' ') ?? [process.execPath, mainFile],
      ...(partition === undefined ? {} : { partition }),
      ...(arrayLimit === undefined ? {} : { arrayLimit }),
      ...(time === undefined ? {} : { time }),
      ...(gpus === undefined ? {} : { gpus }),
      ...(cpus === undefined ? {} : { cpus }),
    });
    output.result(
      { study: plan.id, job, runs },
      `Submitted as job ${job}: ${runs.length} trainings. Show progress: mcir study status ${plan.id}`,
    );
  });

  study
    .command('resume')
    .description('resume a study that was stopped or interrupted')
    .argument('<study>', 'its id, as `mcir study list` shows it')
    .action(async (id: string) => {
      const services = await context.services();
      await follow(services, planOrExit(services.studies, id), output);
    });

  study
    .command('list')
    .description('list all studies')
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
    .description('show the progress of each training of a study')
    .argument('<study>', 'its id')
    .action(async (id: string) => {
      const services = await context.services();
      const { studies } = services;
      const plan = planOrExit(studies, id);
      const cells = studies.cells(plan);
      const slurm = await studyOnSlurm(services, studies.folders.path(id));
      const onCluster = new Map(slurm?.rows.map((row) => [row.run, row]));
      const rows = cells.map(({ arm, seed, run }) => [
        arm,
        seed,
        run?.id ?? '',
        (run?.state === 'finished' ? undefined : onCluster.get(run?.id ?? '')?.state) ?? run?.state ?? 'waiting',
        run ? `${Math.max(run.step, onCluster.get(run.id)?.step ?? 0)} of ${run.steps}` : '',
        run?.best ? run.best.psnr.toFixed(3) : '',
      ]);
      const { opened } = studies.folders.figures(id);
      const travel = studies.folders.travel(id);
      const workers = travel?.queue && (await machinesOf(travel));
      output.result(
        {
          ...{ study: id, finalOpened: opened ?? null, trainings: cells },
          ...(slurm ? { slurm } : {}),
          ...(workers ? { machines: workers.machines } : {}),
        },
        [
          table(['arm', 'seed', 'run', 'state', 'step', 'best PSNR, dB'], rows),
          ...(workers ? [workers.text] : []),
        ].join('\n'),
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

/** How the trainings of a study reach other machines. Each has its own folder inside this one. */
async function travelOf(
  { root = [], shared }: QueueOptions & { shared?: string },
  queue?: QueueAddress,
): Promise<Travel> {
  const roots = await openRoots(root).catch(wrongUse);
  const [first = ''] = roots.names;
  const place =
    shared === undefined ? { root: first, path: '' } : await roots.toTravel(resolve(shared)).catch(wrongUse);
  return { ...(queue ? { queue } : {}), roots: roots.plain, place };
}

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
