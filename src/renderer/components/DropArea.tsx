import { Center, Text } from '@mantine/core';
import { useState, type DragEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../shared/contract/common.ts';
import { admit } from '../api/client.ts';
import { droppedFiles } from '../api/dropped.ts';
import { showError } from '../api/showError.ts';

interface DropAreaProps {
  onPlaces: (places: Place[]) => void;
  /** Called from time to time while files are copied: how many have arrived, and where they are. */
  onProgress?: (copied: number, place: Place) => Promise<void> | void;
  children: ReactNode;
}

/** Milliseconds between progress reports. */
const progressEvery = 150;

/** Accepts files and folders dropped anywhere on the screen. */
export function DropArea({ onPlaces, onProgress, children }: DropAreaProps) {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);

  const drop = async (event: DragEvent): Promise<void> => {
    event.preventDefault();
    setOver(false);
    try {
      let told = -Infinity;
      const tell = (copied: number, place: Place): Promise<void> | void => {
        if (performance.now() - told < progressEvery) return undefined;
        told = performance.now();
        return onProgress?.(copied, place);
      };
      const places = await admit(droppedFiles(event.dataTransfer), tell);
      if (places.length > 0) onPlaces(places);
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
    <div
      data-testid="drop"
      onDragEnter={hover}
      onDragOver={hover}
      onDragLeave={leave}
      onDrop={(event) => void drop(event)}
      style={{ position: 'relative', height: '100%', display: 'flex', flexDirection: 'column' }}
    >
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
