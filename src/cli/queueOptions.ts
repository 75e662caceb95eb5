import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { QueueAddress } from '../shared/travel.ts';

/** Options of commands that use a queue of work. Secrets are not among them: they come from the environment or files. */
export interface QueueOptions {
  queue?: string;
  queueUser?: string;
  queuePasswordFile?: string;
  queueCa?: string;
  queueCert?: string;
  queueKey?: string;
  root?: string[];
}

const collect = (text: string, texts: string[] = []): string[] => [...texts, text];

export function addRootOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--root <name=folder>',
      'a shared folder, with a name that is the same on all machines (repeatable)',
    ).argParser(collect),
  );
}

/** Adds the options of a queue and of shared folders. */
export function addQueueOptions(command: Command): Command {
  const options = [
    new Option(
      '--queue <url>',
      'the queue of work, redis://HOST or rediss://HOST (TLS); a password comes from MCIR_QUEUE_PASSWORD or a file',
    ),
    new Option('--queue-user <name>', 'the user in Redis (ACL); by default the default user'),
    new Option('--queue-password-file <file>', 'a file that holds the password'),
    new Option('--queue-ca <file>', 'certificate of the authority that signed that of Redis (PEM)'),
    new Option('--queue-cert <file>', 'the certificate of this machine (PEM), if Redis requires one'),
    new Option('--queue-key <file>', 'the key of that certificate (PEM)'),
  ];
  for (const option of options) command.addOption(option);
  return addRootOption(command);
}

/** The address of the queue; undefined if none was given. */
export function queueOf(options: QueueOptions): QueueAddress | undefined {
  const { queue: url, queueUser: user, queuePasswordFile, queueCa, queueCert, queueKey } = options;
  if (url === undefined || url === '') return undefined;
  const file = (name: 'passwordFile' | 'ca' | 'cert' | 'key', path?: string): Partial<QueueAddress> =>
    path === undefined ? {} : { [name]: resolve(path) };
  return {
    url,
    ...(user === undefined ? {} : { user }),
    ...file('passwordFile', queuePasswordFile),
    ...file('ca', queueCa),
    ...file('cert', queueCert),
    ...file('key', queueKey),
  };
}
