import { useEffect, useEffectEvent } from 'react';
import { bridge, call, placesOf, type ShellCommand } from '../api/client.ts';
import { showError } from '../api/showError.ts';
import { go } from '../route.ts';
import { openSingle } from '../screens/restore/openSingle.ts';
import { added, allMarked, useSelection } from '../screens/restore/selection.tsx';

/** Executes commands from the menu of Electron's window. */
export function useShellCommands(showHelp: () => void): void {
  const { selection, change } = useSelection();
  const obey = useEffectEvent(async (command: ShellCommand) => {
    if (command.type === 'show') return go(command.screen);
    if (command.type === 'help') return showHelp();
    if (command.type === 'selectAll') return selectAll(() => change(allMarked));
    const places = placesOf(command.reply);
    if (places.length === 0) return;
    const { pictures } = await call('restore.collect', { places: places.map(({ id }) => id) });
    change(added(pictures));
    openSingle(selection.pictures, pictures);
  });
  useEffect(() => bridge?.onCommand((command) => void obey(command).catch(showError)), []);
}

/**
 * Selects what is written in the field that has the focus; in the grid of pictures all pictures. Elsewhere nothing is
 * selected, and never the text of the interface.
 */
function selectAll(selectPictures: () => void): void {
  const { activeElement } = document;
  if (activeElement instanceof HTMLInputElement || activeElement instanceof HTMLTextAreaElement)
    return activeElement.select();
  if (document.querySelector('[role="listbox"][aria-multiselectable="true"] [role="option"]')) selectPictures();
}
