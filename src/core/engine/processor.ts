import { readFileSync } from 'node:fs';

/** What the processor can do, as Linux names it in /proc/cpuinfo; undefined on systems that do not tell. */
export function processorFlags(): readonly string[] | undefined {
  try {
    return /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' ');
  } catch {
    return undefined;
  }
}
