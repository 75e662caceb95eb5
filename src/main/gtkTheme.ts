import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { settings, type Settings } from '../shared/settings.ts';
import { keepFile } from './keptFile.ts';

type Theme = Settings['theme'];

/**
 * On Linux GTK draws the menu bar, light or dark as it was when it started: before the services can tell which look was
 * chosen. So the look is also kept here, and GTK is told of it by its environment.
 * @param file where the look was kept
 * @param env of this process, which GTK reads; a theme that somebody has named there stays
 */
export function followTheme(file: string, env: NodeJS.ProcessEnv = process.env, platform = process.platform): void {
  if (platform === 'linux' && readTheme(file) === 'dark') env['GTK_THEME'] ??= 'Adwaita:dark';
}

/** Keeps the look for the next start. */
export function keepTheme(file: string, theme: Theme): void {
  if (readTheme(file) !== theme) keepFile(file, { theme });
}

function readTheme(file: string): Theme {
  try {
    return z.object({ theme: settings.shape.theme }).parse(JSON.parse(readFileSync(file, 'utf8'))).theme;
  } catch {
    return settings.parse({}).theme;
  }
}
