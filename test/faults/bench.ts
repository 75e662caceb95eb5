import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import sharp from 'sharp';
import { newFolder, tinyTraining } from '../cli/program.ts';
import { seededModel } from '../seededModels.ts';
import { type Fault, FaultPlan } from './faultyDisk.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const keepState = fileURLToPath(new URL('./keepState.ts', import.meta.url));
const PICTURES = 5;
const STEPS = 8;
/** Nothing here takes longer on a machine that does much else. */
const LIMIT_MS = 180_000;

/** What is done while the disk fails: each writes state of another kind. */
export const works = ['train', 'batch', 'model', 'state'] as const;
export type Work = (typeof works)[number];

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  hung: boolean;
}

/** The outcome of one kind of work under one fault. */
export interface Outcome {
  ended: Ended;
  /** Calls that failed; 0 where the program did not get as far. */
  hits: number;
  /** What should not be. */
  problems: string[];
}

/** Pictures, a model and a configuration, on which works are done in homes of their own. */
export class Bench {
  readonly folder = newFolder();
  readonly #inputs = join(this.folder, 'in');
  #model = '';
  #config = '';
  #originals = '';
  #count = 0;
  readonly #running = new Set<ChildProcess>();

  static async open(): Promise<Bench> {
    const bench = new Bench();
    mkdirSync(bench.#inputs);
    for (let i = 0; i < PICTURES; i++)
      await sharp({ create: { width: 96, height: 64, channels: 3, background: { r: 40 * i, g: 90, b: 30 } } })
        .jpeg()
        .toFile(join(bench.#inputs, `${i}.jpg`));
    bench.#model = seededModel(bench.folder, 'nafnet');
    const fields = { steps: STEPS, saveEvery: 3, validateEvery: 4, mcir: { negatives: [{ every: 3 }] } };
    bench.#config = await tinyTraining(bench.folder, fields);
    bench.#originals = hashOf(bench.#inputs);
    return bench;
  }

  close(): void {
    for (const child of this.#running) killGroup(child);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** How many calls of a work can meet a fault of this kind. */
  async calls(work: Work, kind: Fault['kind']): Promise<number> {
    const place = this.#newPlace();
    const plan = new FaultPlan({ kind, at: 0, ms: 0 }, [place.home, place.out]);
    const { code, stderr } = await this.#run(this.#command(work, place), place.home, plan.env);
    if (code !== 0) throw new Error(`${work} fails without any fault: ${stderr}`);
    return plan.count;
  }

  /** Does a work in a new home under a fault, and looks at what is left. */
  async meet(work: Work, fault: Fault): Promise<Outcome> {
    const place = this.#newPlace();
    const plan = new FaultPlan(fault, [place.home, place.out]);
    const ended = await this.#run(this.#command(work, place), place.home, plan.env);
    const problems = this.#endProblems(fault, ended);
    problems.push(...(await this.#check(work, place, ended)));
    rmSync(place.home, { recursive: true, force: true });
    rmSync(place.out, { recursive: true, force: true });
    return { ended, hits: plan.hits, problems };
  }

  /**
   * The allowed endings: as if nothing had happened, or with one sentence before it had begun; a killed program by its
   * signal.
   */
  #endProblems({ kind }: Fault, { code, signal, stderr, hung }: Ended): string[] {
    if (hung) return [`it hangs; last words: ${stderr.slice(-300)}`];
    if (kind === 'killed') return signal === null || signal === 'SIGKILL' ? [] : [`it ended with ${signal}`];
    if (signal !== null) return [`it ended with ${signal}: ${stderr.slice(-300)}`];
    if (kind === 'short' && code !== 0) return [`a write in two parts is too much for it: ${stderr.slice(-500)}`];
    if (code !== 0 && (/\n\s+at /.test(stderr) || stderr.trim() === ''))
      return [`it ended without a sentence: ${stderr.slice(-800)}`];
    return [];
  }

  /** Nothing is damaged; what was reported as done exists; what was interrupted can be finished. */
  async #check(work: Work, place: Place, ended: Ended): Promise<string[]> {
    const problems: string[] = [];
    const { home, out } = place;
    const expectThat = (holds: boolean, what: string): void => void (holds || problems.push(what));
    // Adding a model needs none.
    const hasHistory = existsSync(join(home, 'mcir.sqlite'));
    expectThat(hasHistory || ended.code !== 0 || work === 'model', 'there is no history');
    expectThat(hashOf(this.#inputs) === this.#originals, 'an original has changed');
    const jobs = hasHistory ? jobsOf(home) : [];
    if (ended.signal === null && ended.code !== 0 && jobs.some(({ state }) => state !== 'finished'))
      problems.push(`the job has ended (${JSON.stringify(jobs)}): ${ended.stderr.slice(-400)}`);
    if (ended.code === 0)
      expectThat(
        jobs.every(({ state }) => state === 'finished'),
        'it is told as done and is not',
      );
    for (const { id, kind, state } of jobs) {
      if (state === 'finished') continue;
      const again = await this.#run(kind === 'train' ? ['resume', id] : ['batch', 'resume', id], home);
      expectThat(again.code === 0, `${kind} ${id} (${state}) cannot be finished: ${again.stderr.slice(-400)}`);
    }
    if (work !== 'state' && jobs.length === 0) {
      const again = await this.#run(this.#command(work, place), home);
      expectThat(again.code === 0, `it cannot be done afterwards: ${again.stderr.slice(-400)}`);
    }
    if (work === 'train') problems.push(...trainingProblems(home));
    if (work === 'batch') problems.push(...(await resultProblems(out)));
    if (work === 'model') problems.push(...modelProblems(home));
    if (work === 'state' && hasHistory) problems.push(...keptProblems(home, ended));
    if (existsSync(join(home, 'mcir.sqlite'))) problems.push(...historyProblems(home));
    return problems;
  }

  #newPlace(): Place {
    const number = ++this.#count;
    return { home: join(this.folder, `home ${number}`), out: join(this.folder, `out ${number}`), tag: `tag ${number}` };
  }

  #command(work: Work, { out, tag }: Place): string[] {
    switch (work) {
      case 'train':
        return ['train', this.#config];
      case 'batch':
        return ['restore', this.#inputs, '--out', out, '--model', 'identity'];
      case 'model':
        return ['models', 'add', this.#model];
      case 'state':
        return [keepState, join(this.folder, 'clear'), tag];
    }
  }

  #run(args: readonly string[], home: string, env: Record<string, string> = {}): Promise<Ended> {
    return new Promise((resolve) => {
      const program = args[0] === keepState ? [] : [main];
      const child = spawn(process.execPath, [...program, ...args], {
        env: { ...process.env, MCIR_HOME: home, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        // The head of a group, so that it can be ended with all its children.
        detached: true,
      });
      this.#running.add(child);
      let [stdout, stderr, hung] = ['', '', false];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const timer = setTimeout(() => {
        hung = true;
        killGroup(child);
      }, LIMIT_MS);
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        this.#running.delete(child);
        resolve({ code, signal, stdout, stderr, hung });
      });
    });
  }
}

interface Place {
  home: string;
  out: string;
  tag: string;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

const hashOf = (folder: string): string => {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
};

function inHistory<Value>(home: string, ask: (db: Sqlite.Database) => Value): Value {
  const db = new Sqlite(join(home, 'mcir.sqlite'), { readonly: true });
  try {
    return ask(db);
  } finally {
    db.close();
  }
}

const jobsOf = (home: string): { id: string; kind: string; state: string }[] =>
  inHistory(home, (db) =>
    db.prepare("SELECT name FROM sqlite_schema WHERE name = 'programs'").get()
      ? (db.prepare('SELECT id, kind, state FROM jobs').all() as { id: string; kind: string; state: string }[])
      : [],
  );

function historyProblems(home: string): string[] {
  const sound = inHistory(home, (db) => db.pragma('integrity_check', { simple: true })) === 'ok';
  const setAside = readdirSync(home).some((name) => name.includes('damaged'));
  return [...(sound ? [] : ['the history is damaged']), ...(setAside ? ['a history was set aside'] : [])];
}

/** Every step of a training was done once and is in its folder and in the history. */
function trainingProblems(home: string): string[] {
  const wanted = Array.from({ length: STEPS }, (_, i) => i + 1).join();
  return readdirSync(join(home, 'runs')).flatMap((id) => {
    const folder = join(home, 'runs', id);
    const rows = inHistory(home, (db) =>
      db
        .prepare(
          "SELECT m.step FROM metrics m JOIN runs r ON r.number = m.run WHERE r.id = ? AND m.name = 'lr' ORDER BY m.step",
        )
        .pluck()
        .all(id),
    );
    // A folder that was made before its job was there is no run.
    if (rows.length === 0 && !existsSync(join(folder, 'metrics.jsonl'))) return [];
    const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const values = lines.map((line) => JSON.parse(line) as { step: number; values: Record<string, number> });
    const steps = values.filter(({ values }) => 'lr' in values).map(({ step }) => step);
    return [
      ...(steps.join() === wanted ? [] : [`metrics.jsonl has the steps ${steps.join()}`]),
      ...(rows.join() === wanted ? [] : [`the history has the steps ${rows.join()}`]),
      ...(existsSync(join(folder, 'checkpoints', 'last.safetensors')) ? [] : ['there is no checkpoint']),
    ];
  });
}

async function resultProblems(out: string): Promise<string[]> {
  const names = existsSync(out) ? readdirSync(out).sort() : [];
  const problems = names.join() === '0.jpg,1.jpg,2.jpg,3.jpg,4.jpg' ? [] : [`the results are ${names.join()}`];
  for (const name of names) {
    const whole = sharp(join(out, name), { failOn: 'warning' }).stats();
    await whole.catch(() => problems.push(`${name} is no whole picture`));
  }
  return problems;
}

function modelProblems(home: string): string[] {
  const names = readdirSync(join(home, 'models'))
    .filter((name) => !name.startsWith('.'))
    .sort();
  return names.join() === 'nafnet.json,nafnet.safetensors' ? [] : [`the models are ${names.join()}`];
}

/** What was told as kept is there. */
function keptProblems(home: string, { stdout }: Ended): string[] {
  const problems: string[] = [];
  const told = stdout.trimEnd().split('\n');
  const last = (prefix: string): string | undefined =>
    told.findLast((line) => line.startsWith(prefix))?.slice(prefix.length);
  inHistory(home, (db) => {
    const threads = last('threads ');
    const kept = threads && Number(db.prepare("SELECT value FROM settings WHERE name = 'threads'").pluck().get());
    // A write that was not told of may still have been done.
    if (threads && kept !== Number(threads) && kept !== Number(threads) + 1) problems.push(`threads are ${kept}`);
    const dataset = last('dataset ');
    const names = dataset === undefined ? [] : db.prepare('SELECT name FROM datasets').pluck().all();
    if (dataset !== undefined && names.length !== 1) problems.push(`the data sets are ${names.join()}`);
    if (last('renamed ') !== undefined && names[0] !== `${last('renamed ')} renamed`) problems.push('a name is lost');
  });
  const preset = last('preset ');
  const presets = readdirSync(join(home, 'presets')).filter((name) => name.endsWith('.json'));
  if (preset !== undefined && presets.length !== 1) problems.push('the preset is lost');
  for (const name of presets) JSON.parse(readFileSync(join(home, 'presets', name), 'utf8'));
  return problems;
}
