import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../test/redisServer.ts';

const run = promisify(execFile);

/** Why Slurm cannot be tested here; undefined if it can. Debian's packages are slurm-wlm and munge. */
export function whyNoSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return 'Slurm needs root here.';
  for (const program of ['munged', 'slurmctld', 'slurmd', 'sbatch'])
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    } catch {
      return `There is no ${program}: install slurm-wlm and munge.`;
    }
  return undefined;
}

/** A cluster of one node, this machine, with its own daemons, ports and files. */
export class SlurmCluster {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly #daemons: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.env = { SLURM_CONF: join(folder, 'slurm.conf') };
  }

  static async start(): Promise<SlurmCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'mcir-slurm-'));
    chmodSync(folder, 0o755);
    const cluster = new SlurmCluster(folder);
    const at = (name: string): string => join(folder, name);
    for (const name of ['state', 'spool']) mkdirSync(at(name));
    writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o400 });
    const host = hostname().split('.')[0] as string;
    const [ctld, d] = [await freePort(), await freePort()];
    // A task that is requeued may start again when its credential has expired.
    const lines = [
      'ClusterName=mcir',
      `SlurmctldHost=${host}(127.0.0.1)`,
      'SlurmUser=root',
      'SlurmdUser=root',
      `SlurmctldPort=${ctld}`,
      `SlurmdPort=${d}`,
      'AuthType=auth/munge',
      `AuthInfo=socket=${at('munge.socket')},cred_expire=5`,
      `StateSaveLocation=${at('state')}`,
      `SlurmdSpoolDir=${at('spool')}`,
      `SlurmctldPidFile=${at('slurmctld.pid')}`,
      `SlurmdPidFile=${at('slurmd.pid')}`,
      `SlurmctldLogFile=${at('slurmctld.log')}`,
      `SlurmdLogFile=${at('slurmd.log')}`,
      'ProctrackType=proctrack/linuxproc',
      'TaskPlugin=task/none',
      'MpiDefault=none',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_Core',
      'ReturnToService=2',
      'KillWait=20',
      `NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN`,
      `PartitionName=test Nodes=${host} Default=YES MaxTime=INFINITE State=UP`,
    ];
    writeFileSync(at('slurm.conf'), `${lines.join('\n')}\n`);
    cluster.#spawn('munged', [
      '--foreground',
      '--force',
      ...['--key-file', at('munge.key'), '--socket', at('munge.socket'), '--pid-file', at('munged.pid')],
      ...['--log-file', at('munged.log'), '--seed-file', at('munged.seed')],
    ]);
    await sleep(1000);
    cluster.#spawn('slurmctld', ['-D', '-f', at('slurm.conf'), '-i']);
    cluster.#spawn('slurmd', ['-D', '-f', at('slurm.conf'), '-N', host]);
    for (let tries = 0; ; tries++) {
      const { stdout } = await cluster.command('sinfo', ['-h', '-o', '%T']).catch(() => ({ stdout: '' }));
      if (/idle/.test(stdout)) return cluster;
      if (tries > 120) throw new Error(`Slurm did not start; see ${folder}.`);
      await sleep(500);
    }
  }

  command(program: string, args: string[]): Promise<{ stdout: string }> {
    return run(program, args, { env: { ...process.env, ...this.env } });
  }

  async end(): Promise<void> {
    await this.command('scancel', ['-u', 'root']).catch(() => undefined);
    await sleep(500);
    for (const daemon of this.#daemons.reverse()) daemon.kill('SIGTERM');
    await sleep(500);
    for (const daemon of this.#daemons) daemon.kill('SIGKILL');
  }

  #spawn(program: string, args: string[]): void {
    const log = openSync(join(this.folder, `${program}.out`), 'a');
    this.#daemons.push(
      spawn(program, args, {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...this.env, SLURM_CONF: this.env['SLURM_CONF'] },
      }),
    );
  }
}
