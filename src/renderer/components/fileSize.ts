import { i18n } from '../i18n/index.ts';

/** `54 MB`, `7 kB`: decimal units, as on download pages. */
export function fileSize(bytes: number): string {
  const [unit, name] = bytes < 1e5 ? ([1e3, 'kB'] as const) : ([1e6, 'MB'] as const);
  return `${(bytes / unit).toLocaleString(i18n.language, { maximumFractionDigits: bytes < 10 * unit ? 1 : 0 })} ${name}`;
}
