import { basename, dirname, sep } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import { screenIds } from '../shared/screens.ts';
import type { Texts } from './texts.ts';

/** What the menu can make the page or the shell do. */
export interface MenuActions {
  readonly show: (screen: string) => void;
  readonly help: () => void;
  readonly add: (kind: 'pictures' | 'folder') => void;
  readonly openRecent: (path: string) => void;
  readonly clearRecent: () => void;
  readonly selectAll: () => void;
  readonly zoom: (change: 'in' | 'out' | 'reset') => void;
}

/** The settings have a place of their own in the menu. */
const screens = screenIds.filter((screen) => screen !== 'settings');

/**
 * The menu. On macOS, an application menu comes first.
 * @param home the user's home folder, which is shortened to `~`
 */
export function menuTemplate(
  t: Texts,
  actions: MenuActions,
  recent: readonly string[],
  home: string,
  platform: NodeJS.Platform = process.platform,
): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  /** Except on macOS, a single `&` would underline the letter after it. */
  const plain = (text: string): string => (mac ? text : text.replaceAll('&', '&&'));
  const showSettings = (): void => actions.show('settings');
  const settings: MenuItemConstructorOptions[] = mac
    ? [{ label: t.settings, accelerator: 'Cmd+,', click: showSettings }]
    : [
        // Chromium shows this shortcut as "Ctrl+Comma", so the label contains it and a hidden item has the accelerator.
        { label: `${plain(t.settings)} (Ctrl+,)`, click: showSettings },
        { label: plain(t.settings), accelerator: 'Ctrl+,', click: showSettings, visible: false },
      ];
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  return [
    ...(mac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    {
      label: t.file,
      submenu: [
        { label: t.addPictures, accelerator: 'CmdOrCtrl+O', click: () => actions.add('pictures') },
        { label: t.addFolder, accelerator: 'CmdOrCtrl+Shift+O', click: () => actions.add('folder') },
        {
          label: t.recent,
          enabled: recent.length > 0,
          submenu: [
            ...recent.map((path): MenuItemConstructorOptions => ({
              label: plain(shortPath(path, home)),
              click: () => actions.openRecent(path),
            })),
            separator,
            { label: t.clearRecent, click: () => actions.clearRecent() },
          ],
        },
        separator,
        ...settings,
        separator,
        mac ? { role: 'close', label: t.close } : { role: 'quit', label: t.quit },
      ],
    },
    {
      label: t.edit,
      submenu: [
        { role: 'undo', label: t.undo },
        { role: 'redo', label: t.redo },
        separator,
        { role: 'cut', label: t.cut },
        { role: 'copy', label: t.copy },
        { role: 'paste', label: t.paste },
        // The page decides what to select: the text of a field, or the pictures, but not every text in the window.
        { label: t.selectAll, accelerator: 'CmdOrCtrl+A', click: () => actions.selectAll() },
      ],
    },
    {
      label: t.view,
      submenu: [
        ...screens.map((screen, index): MenuItemConstructorOptions => ({
          label: t[screen],
          accelerator: `CmdOrCtrl+${index + 1}`,
          click: () => actions.show(screen),
        })),
        separator,
        { label: t.zoomIn, accelerator: 'CmdOrCtrl+Plus', click: () => actions.zoom('in') },
        // The same shortcut without Shift.
        { label: t.zoomIn, accelerator: 'CmdOrCtrl+=', click: () => actions.zoom('in'), visible: false },
        { label: t.zoomOut, accelerator: 'CmdOrCtrl+-', click: () => actions.zoom('out') },
        { label: t.zoomReset, accelerator: 'CmdOrCtrl+0', click: () => actions.zoom('reset') },
        { role: 'togglefullscreen', label: t.fullScreen },
      ],
    },
    {
      label: t.window,
      submenu: [
        { role: 'minimize', label: t.minimize },
        { role: 'close', label: t.close },
      ],
    },
    {
      label: t.help,
      role: 'help',
      submenu: [
        { label: t.keyboard, click: () => actions.help() },
        // The report, versions and licences are under Settings.
        { label: t.report, click: showSettings },
        separator,
        { label: t.about, click: showSettings },
      ],
    },
  ];
}

const LONGEST = 48;

/** A path short enough for a menu: its last part whole, and as much of the rest as fits. */
function shortPath(path: string, home: string): string {
  const name = basename(path) || path;
  const parent = dirname(path);
  const folder = parent === home || parent.startsWith(home + sep) ? `~${parent.slice(home.length)}` : parent;
  const room = Math.max(12, LONGEST - name.length);
  const shortened = folder.length <= room ? folder : `…${folder.slice(folder.length - room)}`;
  return name === path ? name : `${name} — ${shortened}`;
}
