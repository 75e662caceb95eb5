import { Center, Text } from '@mantine/core';
import { useState, type DragEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../shared/contract/common.ts';
import { admit } from '../api/client.ts';
import { droppedFiles } from '../api/dropped.ts';
import { showError } from '../api/showError.ts';

/** Takes files and folders dropped anywhere on the screen. */
export function DropArea({ onPlaces, onProgress, children }: { onPlaces: (places: Place[]) => void; onProgress?: (copied: number) => void; children: ReactNode }) {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);

  const drop = async (event: DragEvent): Promise<void> => {
    event.preventDefault();
    setOver(false);
    try {
      const files = await droppedFiles(event.dataTransfer);
      if (files.length > 0) onPlaces(await admit(files, onProgress ?? (() => undefined)));
    } catch (error) {
      showError(error);
    }
  };
  const hover = (event: DragEvent): void => {
    event.preventDefault();
    setOver(true);
  };
  const leave = (event: DragEvent): void => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
  };

  return (
    <div data-testid="drop" onDragEnter={hover} onDragOver={hover} onDragLeave={leave} onDrop={(event) => void drop(event)} style={{ position: 'relative', height: '100%', display: 'flex', flexDirection: 'column' }}>
      {children}
      {over && (
        <Center className="drop-hint">
          <Text fw={600} size="lg">
            {t('restore.dropHere')}
          </Text>
        </Center>
      )}
    </div>
  );
}
