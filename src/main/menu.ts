import { basename } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import type { Texts } from './texts.ts';

/** What the menu has the page or the shell do. */
export interface MenuActions {
  readonly show: (screen: string) => void;
  readonly help: () => void;
  readonly add: (kind: 'pictures' | 'folder') => void;
  readonly openRecent: (path: string) => void;
  readonly clearRecent: () => void;
}

const screens = ['restore', 'datasets', 'train', 'runs', 'models'] as const;

/** The menu; macOS has one of its own for the program before it. */
export function menuTemplate(
  t: Texts,
  actions: MenuActions,
  recent: readonly string[],
  platform: NodeJS.Platform = process.platform,
): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const settings: MenuItemConstructorOptions = {
    label: t.settings,
    accelerator: 'CmdOrCtrl+,',
    click: () => actions.show('settings'),
  };
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
              label: basename(path),
              sublabel: path,
              click: () => actions.openRecent(path),
            })),
            separator,
            { label: t.clearRecent, click: () => actions.clearRecent() },
          ],
        },
        separator,
        settings,
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
        { role: 'selectAll', label: t.selectAll },
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
        { role: 'zoomIn', label: t.zoomIn },
        { role: 'zoomOut', label: t.zoomOut },
        { role: 'resetZoom', label: t.zoomReset },
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
    { label: t.help, role: 'help', submenu: [{ label: t.keyboard, click: () => actions.help() }] },
  ];
}
