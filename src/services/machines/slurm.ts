import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { savedStep } from '../../core/training/checkpoint.ts';
import { writeWhole } from '../../core/files/privateFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { travelPath, type TravelPath } from '../../shared/travel.ts';
import { readJson, writeJson } from './jsonFile.ts';
import type { Roots } from './roots.ts';
import { TrainPlace } from './trainPlace.ts';

const run = promisify(execFile);

/** The trainings of an array's tasks, by task number. The file is in a shared folder. */
export const slurmTasks = z.strictObject({
  tasks: z.array(z.strictObject({ run: z.string(), place: travelPath, order: z.string() })).min(1),
});
export type SlurmTasks = z.infer<typeof slurmTasks>;

/** What was submitted for a study; stored in the study's folder on this machine. */
export const slurmJob = z.object({
  job: z.string(),
  /** Runs in the order of the tasks. */
  runs: z.array(z.string()),
});
export type SlurmJob = z.infer<typeof slurmJob>;

export interface SlurmOptions {
  name: string;
  roots: Roots;
  /** Folder inside a root for the script, its list of tasks, and the logs. */
  folder: TravelPath;
  tasks: SlurmTasks['tasks'];
  /** The command that starts this program on a node. */
  command: readonly string[];
  partition?: string;
  arrayLimit?: number;
  time?: string;
  gpus?: number;
  cpus?: number;
}

/** Exit code of a task that was stopped before its training was done. The script then requeues it. */
export const SAVED_NOT_DONE = 75;
/** Seconds before Slurm's time limit in which a training can save. */
const NOTICE_SECONDS = 120;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The array's script: one task per training. Slurm requeues a task that was pre-empted or whose node has failed. */
export function slurmScript(
  { name, roots, tasks, command, partition, arrayLimit, time, gpus, cpus }: SlurmOptions,
  folder: string,
): string {
  const limit = arrayLimit === undefined ? '' : `%${arrayLimit}`;
  const headers = [
    `--job-name=${name}`,
    `--array=0-${tasks.length - 1}${limit}`,
    '--requeue',
    '--open-mode=append',
    `--output=${join(folder, 'task-%a.log')}`,
    `--signal=B:TERM@${NOTICE_SECONDS}`,
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...(gpus === undefined ? [] : [`--gres=gpu:${gpus}`]),
    ...(cpus === undefined ? [] : [`--cpus-per-task=${cpus}`]),
  ];
  const shared = Object.entries(roots.plain).flatMap(([root, at]) => ['--root', `${root}=${at}`]);
  const args = [...command, 'worker', '--tasks', join(folder, 'tasks.json'), ...shared].map(quoted).join(' ');
  return `#!/bin/sh
${headers.map((header) => `#SBATCH ${header}`).join('\n')}

# Each task keeps its temporary files on its node.
export MCIR_HOME="\${SLURM_TMPDIR:-\${TMPDIR:-/tmp}}/mcir-$SLURM_ARRAY_JOB_ID-$SLURM_ARRAY_TASK_ID"
${args} --task "$SLURM_ARRAY_TASK_ID" &
child=$!
# Slurm tells this script before it ends it: the training saves, and goes on when the task has its turn again.
trap 'kill -TERM $child 2>/dev/null' TERM
wait $child
code=$?
while kill -0 $child 2>/dev/null; do
  wait $child
  code=$?
done
rm -rf "$MCIR_HOME"
if [ $code -eq ${SAVED_NOT_DONE} ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $code
`;
}

/**
 * Writes the script and submits it.
 * @returns the number of the array
 * @throws AppError `unsupported` if Slurm is not installed, `io` if it refuses
 */
export async function submitSlurm(options: SlurmOptions): Promise<string> {
  const folder = await options.roots.folder(options.folder);
  await mkdir(folder, { recursive: true });
  await writeJson(join(folder, 'tasks.json'), slurmTasks.parse({ tasks: options.tasks }));
  const script = join(folder, 'array.sh');
  await writeWhole(script, slurmScript(options, folder));
  try {
    const { stdout } = await run('sbatch', ['--parsable', script]);
    // NUMBER, or NUMBER;CLUSTER.
    const job = /^\d+/.exec(stdout.trim())?.[0];
    if (job === undefined) throw new Error(stdout);
    return job;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new AppError(
        'unsupported',
        'Slurm is not installed here: there is no sbatch. Submit the study on a login node of the cluster.',
        { cause },
      );
    const { stderr = '' } = cause as { stderr?: string };
    throw new AppError('io', `Slurm did not take the study: ${(stderr || messageOf(cause)).trim()}`, { cause });
  }
}

/** Slurm's state of each task of an array, by its number; empty if Slurm reports nothing. */
export async function slurmStates(job: string): Promise<Map<number, string>> {
  const states = new Map<number, string>();
  const read = async (program: string, args: string[], pattern: RegExp): Promise<void> => {
    // sacct needs a database, which small clusters do not have.
    const { stdout } = await run(program, args).catch(() => ({ stdout: '' }));
    for (const line of stdout.split('\n')) {
      const [, task, state] = pattern.exec(line) ?? [];
      if (task !== undefined && state !== undefined) states.set(Number(task), state.toLowerCase());
    }
  };
  await read('sacct', ['-n', '-X', '-P', '-j', job, '-o', 'JobID,State'], /^\d+_(\d+)\|(\w+)/);
  // The queue is more recent than the accounting data.
  await read('squeue', ['-h', '-r', '-j', job, '-o', '%K|%T'], /^(\d+)\|(\w+)/);
  return states;
}

export interface SlurmRow {
  run: string;
  /** `finished` or `failed` according to the record in the shared folder; otherwise Slurm's state. */
  state: string;
  /** The last saved step. */
  step: number;
}

/** The progress of a study's tasks. */
export async function slurmStatus(
  { job, runs }: SlurmJob,
  placeOf: (run: string) => Promise<string>,
): Promise<SlurmRow[]> {
  const states = await slurmStates(job);
  return Promise.all(
    runs.map(async (id, task) => {
      const place = new TrainPlace(await placeOf(id));
      const record = await place.record();
      const furthest = await place.furthest();
      const step = record ? savedStep(place.attempt(record.attempt)) : (furthest?.step ?? 0);
      return { run: id, state: record?.outcome.state ?? states.get(task) ?? 'not in the queue', step };
    }),
  );
}

export const readSlurmJob = async (folder: string): Promise<SlurmJob | undefined> => {
  const file = join(folder, 'slurm.json');
  return existsSync(file) ? readJson(file, slurmJob) : undefined;
};

export const writeSlurmJob = (folder: string, job: SlurmJob): Promise<void> =>
  writeJson(join(folder, 'slurm.json'), job);
