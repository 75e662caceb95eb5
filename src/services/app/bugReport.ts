import { createWriteStream, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { BatchRepository } from '../../database/batchRepository.ts';
import { fileDate } from '../../shared/dates.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { examine } from './doctor.ts';
import { logFile, olderLogFile } from './log.ts';
import { listModels } from '../models/models.ts';
import type { Services } from './openServices.ts';
import { redactor } from './redact.ts';
import { programCommit, programVersion } from './version.ts';

const RUNS = 5;
const LOG_LINES = 500;

const readMe = `This report of MCIR Studio holds no pictures, no weights and no notes. Paths, names of pictures, of runs and of you
were replaced (<path>, <picture>, <name>). Read it before you send it: all of it is text.
`;

/**
 * Writes a zip for a bug report: versions, results of doctor, settings, logs, and configuration and log of the last
 * runs, all passed through {@link redactor}.
 * @param out the zip; by default a new file in the reports folder
 * @returns its path
 * @throws AppError `conflict` if the file exists, `io` if it cannot be written
 */
export async function writeReport(services: Services, out?: string): Promise<string> {
  const { home, runs } = services;
  const path = resolve(out ?? join(home.reports, `mcir-report-${fileDate(Date.now())}.zip`));
  if (existsSync(path)) throw new AppError('conflict', `${path} already exists. Choose another name.`);
  const redact = redactor(home, await personal(services));
  const zip = new ZipFile();
  const add = (name: string, text: string): void => zip.addBuffer(Buffer.from(redact(text)), name);
  zip.addBuffer(Buffer.from(readMe), 'README.txt');
  add('report.json', JSON.stringify(await facts(services), null, 2));
  for (const [name, file] of [
    ['studio.log', logFile(home)],
    ['studio.older.log', olderLogFile(home)],
  ] as const) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text !== '') add(`logs/${name}`, text);
  }
  for (const { id } of runs.list().slice(0, RUNS)) {
    const folder = runs.folder(id);
    add(`runs/${id}/config.yml`, await readFile(folder.config, 'utf8').catch(messageOf));
    const log = await readFile(folder.log, 'utf8').catch(messageOf);
    add(`runs/${id}/log.txt`, log.split('\n').slice(-LOG_LINES).join('\n'));
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path, { flags: 'wx', mode: 0o600 })).catch((cause: unknown) => {
    throw new AppError('io', `The bug report could not be saved: ${messageOf(cause)}. Choose another folder.`, {
      cause,
    });
  });
  return path;
}

/** Facts that contain no personal names. */
async function facts({ home, history, runs }: Services): Promise<object> {
  const { engine, checks } = await examine(home);
  const { machines, ...settings } = history.settings.read();
  return {
    program: { version: programVersion, commit: programCommit() },
    system: { platform: process.platform, arch: process.arch, node: process.versions.node },
    engine,
    checks,
    // Addresses and folders of other machines are nobody's business.
    settings: { ...settings, machines: machines !== null },
    runs: runs
      .list()
      .slice(0, RUNS)
      .map(({ id, state, network, step, steps, error }) => ({ id, state, network, step, steps, error })),
    batches: new BatchRepository(history.db)
      .list()
      .slice(0, RUNS)
      .map(({ id, state, reason, total, done, failed, skipped, settings }) => ({
        id,
        state,
        reason,
        total,
        done,
        failed,
        skipped,
        effect: settings.effect,
        export: settings.export,
      })),
    models: (await listModels(home)).map(({ network, scale, hash, bytes }) => ({ network, scale, hash, bytes })),
  };
}

/** All names in the history, and the folders chosen by the user. */
async function personal({ home, history, runs }: Services): Promise<string[]> {
  const batches = new BatchRepository(history.db);
  // Names of picture files are recognised by their extension.
  const named = (path: string): string[] => [dirname(path), ...(/[:;,<>|()[\]"]/.test(basename(path)) ? [path] : [])];
  const ofBatches = batches
    .list()
    .flatMap(({ id, title, settings }) => [
      title,
      settings.out,
      settings.effect.mask ?? '',
      ...batches
        .files(id)
        .flatMap(({ source, folder, output }) => [
          ...named(source),
          folder,
          ...(output === undefined ? [] : named(output)),
        ]),
    ]);
  const ofDatasets = history.datasets
    .list()
    .flatMap(({ name, target, input, validation }) => [name, target, input, validation.target, validation.input])
    .filter((text) => text !== undefined);
  const ofRuns = runs.list().flatMap(({ name, tags }) => [name, ...tags]);
  const ofModels = (await listModels(home)).flatMap(({ title, source }) => [title, source]);
  const dropped = await readdir(join(home.cache, 'imports'), { recursive: true }).catch(() => []);
  const secret = await readFile(join(home.root, 'web-token'), 'utf8').catch(() => '');
  return [...ofBatches, ...ofRuns, ...ofModels, ...dropped, secret, ...ofDatasets];
}
