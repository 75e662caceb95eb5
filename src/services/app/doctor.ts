import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { exiftoolPath } from 'exiftool-vendored';
import sharp from '../../core/pictures/sharp.ts';
import { type Device, describeDevice, type Gpu, visibleGpus } from '../../core/engine/device.ts';
import type { Check } from '../../shared/contract/app.ts';
import { type EngineFacts, engineContract } from '../../shared/engineMessages.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { askChild } from '../jobs/childProcess.ts';
import { type BackendReport, backendChecks, backendReport } from '../restoring/backendReport.ts';
import { ChildSettings } from './childSettings.ts';
import type { Home } from './home.ts';

/** What `mcir doctor` found. */
export interface DoctorReport {
  /** TensorFlow's version and the device; missing if TensorFlow does not load. */
  engine?: EngineFacts;
  backends: BackendReport;
  checks: Check[];
}

/** Checks everything the program needs, and gives the command that fixes each problem. */
export async function examine(home: Home): Promise<DoctorReport> {
  const engine = await engineFacts(home).catch((error: unknown) =>
    error instanceof AppError ? error : Promise.reject(error as Error),
  );
  const facts = engine instanceof AppError ? undefined : engine;
  const backends = await backendReport(home, new ChildSettings(home).options);
  const restores = backends.providers.some(({ backend, works }) => backend === 'onnx:cpu' && works);
  const checks = [
    nodeCheck(),
    tensorflowCheck(engine, restores),
    ...(facts ? [deviceCheck(facts.device, visibleGpus()), bf16Check(facts.device)] : []),
    ...backendChecks(backends),
    await attempt(
      'sharp',
      'npm ci',
      () => `${sharp.versions.sharp ?? 'unknown version'} with libvips ${sharp.versions.vips}`,
    ),
    await attempt('SQLite', 'npm ci', sqliteVersion),
    await exiftoolCheck(),
    ...(await folderChecks(home)),
  ];
  return { ...(facts ? { engine: facts } : {}), backends, checks };
}

const TIMEOUT_MS = 60_000;

/**
 * Asks a child process, because a library that does not fit the machine can end the process that loads it.
 * @throws AppError `engine` if TensorFlow is missing, does not load or does not answer
 */
export function engineFacts(home: Home): Promise<EngineFacts> {
  return askChild(
    engineContract,
    'facts',
    {},
    {
      ...new ChildSettings(home).options,
      timeMs: TIMEOUT_MS,
      explain: ({ code, signal }) =>
        new AppError(
          'engine',
          `TensorFlow crashed during the check (${signal ?? `exit code ${code}`}). Run: npm run setup`,
        ),
    },
  );
}

function nodeCheck(): Check {
  return { title: 'Node', state: 'ok', detail: `${process.versions.node} (${process.platform} ${process.arch})` };
}

/** @param restores whether ONNX Runtime restores without it */
function tensorflowCheck(engine: EngineFacts | AppError, restores: boolean): Check {
  if (!(engine instanceof AppError)) return { title: 'TensorFlow', state: 'ok', detail: engine.tensorflow };
  const reason = engine.details?.['reason'];
  const [line = ''] = (typeof reason === 'string' ? reason : engine.message).split('\n');
  const detail = line.replace(/ Run: .*/, '');
  const fix = 'npm run setup';
  if (!restores) return { title: 'TensorFlow', state: 'missing', detail, fix };
  const without = `${detail} Pictures are restored without it. Training, LPIPS and trials of trainings need it.`;
  return { title: 'TensorFlow', state: 'warning', detail: without, fix };
}

/** Mentions a GPU that is not used. */
export function deviceCheck(device: Device, gpus: readonly Gpu[]): Check {
  const idle = device.kind === 'cpu' ? gpus[0] : undefined;
  if (!idle) return { title: 'Device', state: 'ok', detail: describeDevice(device) };
  return {
    title: 'Device',
    state: 'warning',
    detail: `${describeDevice(device)}; ${idle.name} is not used`,
    fix: 'npm run setup -- --gpu',
  };
}

function bf16Check({ bf16 }: Device): Check {
  return {
    title: 'bfloat16 on the CPU',
    state: 'ok',
    detail: bf16.length > 0 ? bf16.join(', ') : 'no instructions for it; float32 is used',
  };
}

function sqliteVersion(): string {
  const database = new Database(':memory:');
  try {
    return String(database.prepare('select sqlite_version()').pluck().get());
  } finally {
    database.close();
  }
}

async function attempt(title: string, fix: string, look: () => string | Promise<string>): Promise<Check> {
  try {
    return { title, state: 'ok', detail: await look() };
  } catch (error) {
    return { title, state: 'missing', detail: messageOf(error), fix };
  }
}

/** Only needed for the metadata of photographs. Except on Windows it is a Perl program. */
async function exiftoolCheck(): Promise<Check> {
  const fix = process.platform === 'linux' ? 'sudo apt-get install libimage-exiftool-perl' : 'npm ci';
  const check = await attempt('ExifTool', fix, async () => {
    const { stdout } = await promisify(execFile)(await exiftoolPath(), ['-ver'], { timeout: 20_000 });
    return stdout.trim();
  });
  return check.state === 'ok'
    ? check
    : { ...check, state: 'warning', detail: 'does not run, so photographs lose their metadata' };
}

async function folderChecks(home: Home): Promise<Check[]> {
  const folders = [
    { title: 'Data folder', folder: home.root },
    { title: 'Cache folder', folder: home.cache },
  ];
  return Promise.all(
    folders.map(({ title, folder }) =>
      attempt(title, `export MCIR_HOME=FOLDER  # a folder you can write to; ${folder} is not`, async () => {
        await access(folder, constants.W_OK);
        const { bavail, bsize } = await statfs(folder);
        return `${folder} (${((bavail * bsize) / 2 ** 30).toFixed(0)} GiB free)`;
      }),
    ),
  );
}
