import { readFileSync } from 'node:fs';

/** The processor's features by the names in Linux's /proc/cpuinfo; undefined on other systems. */
export function processorFlags(): readonly string[] | undefined {
  try {
    return /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' ');
  } catch {
    return undefined;
  }
}
