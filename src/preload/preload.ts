import { contextBridge, ipcRenderer, webUtils } from 'electron';

const hear =
  (channel: string) =>
  (listener: (told: unknown) => void): void =>
    void ipcRenderer.on(channel, (_, told: unknown) => listener(told));

/**
 * Everything the page can use of Electron: calls, events, dropped files, the system's dialog, the menu, and dragging
 * out.
 */
contextBridge.exposeInMainWorld('mcir', {
  call: (name: string, input: unknown): Promise<unknown> => ipcRenderer.invoke('call', name, input),
  subscribe: hear('event'),
  onConnection: hear('connection'),
  onCommand: hear('command'),
  admit: (files: File[]): Promise<unknown> =>
    ipcRenderer.invoke(
      'admit',
      files.map((file) => webUtils.getPathForFile(file)),
    ),
  choose: (kind: string): Promise<unknown> => ipcRenderer.invoke('choose', kind),
  drag: (ids: string[]): Promise<unknown> => ipcRenderer.invoke('drag', ids),
});
