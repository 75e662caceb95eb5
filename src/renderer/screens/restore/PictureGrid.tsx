import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { BatchFile } from '../../../shared/contract/restore.ts';
import { useCall } from '../../api/hooks.ts';
import { useWidth } from '../../components/useWidth.ts';
import { go } from '../../route.ts';
import { PictureTile } from './PictureTile.tsx';
import { allToggled, markToggled, useSelection } from './selection.tsx';
import { useShownBatch } from './useShownBatch.ts';

/** Smallest tile; what is left of the width is shared out. */
const tile = { width: 156, height: 188 };

/** Thumbnails of all pictures; only the rows in sight exist. Arrows move, space marks, enter opens. */
export function PictureGrid() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const { pictures, current, marked } = selection;
  const scroller = useRef<HTMLDivElement>(null);
  const [measured, width] = useWidth();
  const columns = Math.max(1, Math.floor(width / tile.width));
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler leaves this component alone, which is right
  const rows = useVirtualizer({ count: Math.ceil(pictures.length / columns), getScrollElement: () => scroller.current, estimateSize: () => tile.height, overscan: 3, useFlushSync: false });
  const batch = useShownBatch()?.id;
  const files = useFileStates(batch);
  const index = Math.max(0, pictures.findIndex((picture) => picture.id === current));
  const visibleRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / tile.height));

  useEffect(() => {
    if (current !== undefined) scroller.current?.querySelector<HTMLElement>(`[data-id="${current}"]`)?.focus({ preventScroll: true });
  }, [current]);

  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -columns * visibleRows,
      PageDown: columns * visibleRows,
      Home: -pictures.length,
      End: pictures.length,
    };
    const step = steps[event.key];
    const here = pictures[index];
    if (step !== undefined) {
      const next = Math.min(pictures.length - 1, Math.max(0, index + step));
      rows.scrollToIndex(Math.floor(next / columns));
      change({ current: pictures[next]?.id });
    } else if (event.key === ' ' && here) change(markToggled(here.id));
    else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) change(allToggled);
    else if (event.key === 'Enter' && here) go('restore', here.id);
    else return;
    event.preventDefault();
  };

  return (
    <div ref={scroller} style={{ flex: 1, overflowY: 'auto', padding: 12 }}>
      <div ref={measured} role="listbox" aria-label={t('restore.pictures')} aria-multiselectable onKeyDown={move} style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map((row) => (
          <div key={row.key} role="presentation" className="tile-row" style={{ height: row.size, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, transform: `translateY(${row.start}px)` }}>
            {pictures.slice(row.index * columns, (row.index + 1) * columns).map((picture, column) => (
              <PictureTile key={picture.id} change={change} picture={picture} file={files.get(picture.id)} batch={batch} marked={marked.has(picture.id)} focusable={row.index * columns + column === index} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

/** State of each file of a batch, by the id of its picture. */
function useFileStates(batch: string | undefined): ReadonlyMap<string, BatchFile> {
  const { data } = useCall('batches.files', { batch: batch ?? '' }, { enabled: batch !== undefined });
  return useMemo(() => new Map(data?.map((file) => [file.picture, file])), [data]);
}
