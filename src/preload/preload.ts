import { contextBridge, ipcRenderer, webUtils } from 'electron';

/** All that the page gets of Electron: calls, events, dropped files and the system's dialog. */
contextBridge.exposeInMainWorld('mcir', {
  call: (name: string, input: unknown): Promise<unknown> => ipcRenderer.invoke('call', name, input),
  subscribe: (listener: (event: unknown) => void): void => void ipcRenderer.on('event', (_, event: unknown) => listener(event)),
  admit: (files: File[]): Promise<unknown> => ipcRenderer.invoke('admit', files.map((file) => webUtils.getPathForFile(file))),
  choose: (kind: string): Promise<unknown> => ipcRenderer.invoke('choose', kind),
});
