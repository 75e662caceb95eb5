import { Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { BatchFile, Source } from '../../../shared/contract/restore.ts';
import { pictureUrl } from '../../api/client.ts';
import { useCall } from '../../api/hooks.ts';
import { StateBadge } from '../../components/States.tsx';
import { go } from '../../route.ts';
import { markToggled, useSelection } from './selection.tsx';

const tile = { width: 176, height: 188 };

/** Thumbnails of all pictures; only the rows in sight exist. Arrows move, space marks, enter opens. */
export function PictureGrid() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const { pictures, current, marked } = selection;
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: measured, width } = useElementSize();
  const columns = Math.max(1, Math.floor(width / tile.width));
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler leaves this component alone, which is right
  const rows = useVirtualizer({ count: Math.ceil(pictures.length / columns), getScrollElement: () => scroller.current, estimateSize: () => tile.height, overscan: 3 });
  const files = useFileStates(selection.batch);
  const index = Math.max(0, pictures.findIndex((picture) => picture.id === current));

  useEffect(() => {
    if (current !== undefined) scroller.current?.querySelector<HTMLElement>(`[data-id="${current}"]`)?.focus({ preventScroll: true });
  }, [current]);

  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const step = steps[event.key];
    const here = pictures[index];
    if (step !== undefined) {
      const next = Math.min(pictures.length - 1, Math.max(0, index + step));
      rows.scrollToIndex(Math.floor(next / columns));
      change({ current: pictures[next]?.id });
    } else if (event.key === ' ' && here) change(markToggled(here.id));
    else if (event.key === 'Enter' && here) go('restore', here.id);
    else return;
    event.preventDefault();
  };

  return (
    <div ref={scroller} style={{ flex: 1, overflowY: 'auto', padding: 12 }}>
      <div ref={measured} role="listbox" aria-label={t('restore.pictures')} aria-multiselectable onKeyDown={move} style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map((row) => (
          <div key={row.key} role="presentation" style={{ position: 'absolute', top: 0, left: 0, display: 'flex', transform: `translateY(${row.start}px)` }}>
            {pictures.slice(row.index * columns, (row.index + 1) * columns).map((picture, column) => (
              <Tile key={picture.id} picture={picture} file={files.get(picture.name)} marked={marked.has(picture.id)} focusable={row.index * columns + column === index} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Tile({ picture, file, marked, focusable }: { picture: Source; file: BatchFile | undefined; marked: boolean; focusable: boolean }) {
  const { change } = useSelection();
  return (
    <div
      role="option"
      aria-selected={marked}
      aria-label={picture.name}
      data-id={picture.id}
      tabIndex={focusable ? 0 : -1}
      className="tile"
      title={file?.reason ?? `${picture.folder ? `${picture.folder}/` : ''}${picture.name}`}
      onFocus={() => change({ current: picture.id })}
      onClick={() => go('restore', picture.id)}
      style={{ width: tile.width - 8, height: tile.height - 8 }}
    >
      <div className="tile-picture">
        <img src={pictureUrl(picture.id, 320)} alt="" loading="lazy" decoding="async" />
      </div>
      <div className="tile-line">
        {/* For the mouse alone: the option itself tells whether it is marked, and space marks it. */}
        <span
          className="tile-mark"
          data-marked={marked}
          onClick={(event) => {
            event.stopPropagation();
            change(markToggled(picture.id));
          }}
        />
        <Text size="xs" truncate flex={1}>
          {picture.name}
        </Text>
        {file && <StateBadge state={file.state} />}
      </div>
    </div>
  );
}

/** State of each file of a batch by name. */
function useFileStates(batch: string | undefined): ReadonlyMap<string, BatchFile> {
  const { data } = useCall('batches.files', { batch: batch ?? '' }, { enabled: batch !== undefined });
  return useMemo(() => new Map(data?.map((file) => [file.name, file])), [data]);
}
