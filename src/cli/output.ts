import { CommanderError } from 'commander';
import { AppError, messageOf, toWire } from '../shared/errors.ts';
import { explainDisk } from '../shared/storageTrouble.ts';
import { visible } from '../shared/visible.ts';

/** Exit codes of the command line. */
export const exitCode = { done: 0, failed: 1, wrongUse: 2 } as const;

/**
 * The output of a command. Results go to stdout and everything else to stderr, so that output can be piped. With
 * `--json`, stdout holds exactly one JSON object: the result or `{"error": …}`.
 *
 * Names may come from untrusted files. Control characters are made visible here, for every command.
 */
export class Output {
  json = false;

  /** True if progress may redraw a line. */
  get interactive(): boolean {
    return process.stderr.isTTY && !this.json;
  }

  /** A line for people, on stderr. */
  log(line: string): void {
    process.stderr.write(`${visible(line, kept)}\n`);
  }

  /** The result of the command, written once: `data` for programs, `text` for people. */
  result(data: object, text: string): void {
    if (this.json) this.jsonLine(data);
    else process.stdout.write(`${visible(text, kept)}\n`);
  }

  /** A line of JSON on stdout, for programs. */
  jsonLine(data: object): void {
    process.stdout.write(`${visible(JSON.stringify(data))}\n`);
  }

  /** Reports the error that ended the command and returns the exit code. */
  error(thrown: unknown): number {
    const error = explainDisk(thrown);
    if (error instanceof CommanderError) {
      this.#report(new AppError('bad-input', error.code.startsWith('commander.') ? adviseUse(error) : error.message));
      return exitCode.wrongUse;
    }
    this.#report(error);
    // A bug in this program: a report needs the stack.
    if (!(error instanceof AppError) && error instanceof Error && error.stack) this.log(error.stack);
    return exitCode.failed;
  }

  #report(error: unknown): void {
    if (this.json) this.jsonLine({ error: toWire(error) });
    this.log(messageOf(error));
  }
}

/** What a text of several lines is made of. */
const kept = '\n\t';

/** Messages of commander's own errors only say what is wrong. */
function adviseUse({ code, message }: CommanderError): string {
  // If no command is given, commander shows the help and has no message of its own.
  const wrong =
    code === 'commander.help'
      ? 'no command was given'
      : message
          .replace(/^error: /, '')
          .replace(/\s*\n\s*/g, ' ')
          .replace(/\.$/, '');
  return `${wrong}; \`mcir help COMMAND\` shows how a command is used.`;
}

/** Turns an error in the arguments, or in a file they name, into wrong usage (exit code 2). */
export function wrongUse(error: unknown): never {
  if (error instanceof AppError) throw new CommanderError(exitCode.wrongUse, `mcir.${error.code}`, error.message);
  throw error;
}

/** A table for people: columns padded to their widest cell, numbers right-aligned. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => visible(String(cell))));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const numeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
