import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { settings, type Settings } from '../shared/settings.ts';
import { keepFile } from './keptFile.ts';

type Theme = Settings['theme'];

/**
 * On Linux, GTK draws the menu bar and chooses light or dark when it starts, before the services can say which theme
 * was chosen. So the theme is also stored here, and passed to GTK in its environment.
 * @param file the file that stores the theme
 * @param env environment of this process, which GTK reads; a theme that is already set there is kept
 */
export function followTheme(file: string, env: NodeJS.ProcessEnv = process.env, platform = process.platform): void {
  if (platform === 'linux' && readTheme(file) === 'dark') env['GTK_THEME'] ??= 'Adwaita:dark';
}

/** Stores the theme for the next start. */
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
