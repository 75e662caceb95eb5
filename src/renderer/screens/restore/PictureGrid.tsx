import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { BatchFile } from '../../../shared/contract/restoring.ts';
import { useCall } from '../../api/hooks.ts';
import { useFileShares } from '../../api/liveUpdates.ts';
import { useWidth } from '../../components/useWidth.ts';
import { go } from '../../route.ts';
import { PictureTile } from './PictureTile.tsx';
import { allToggled, markToggled, useSelection } from './selection.tsx';
import { usePassingBy } from './usePassingBy.ts';
import { useShownBatch } from './useShownBatch.ts';

/** Smallest width of a tile; the remaining width is shared between tiles. */
const tile = { width: 156, height: 188 };
/** Rows kept ready above and below the visible ones. */
const overscan = 2;

/**
 * Thumbnails of all pictures. Only visible rows exist in the DOM, and a row that scrolls into view reuses the elements
 * of one that scrolled out. Arrow keys move, Space selects, Enter opens.
 */
export function PictureGrid() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const { pictures, current, marked } = selection;
  const scroller = useRef<HTMLDivElement>(null);
  const [measured, width] = useWidth();
  const columns = Math.max(1, Math.floor(width / tile.width));
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler leaves this component alone, which is right
  const rows = useVirtualizer({
    count: width === 0 ? 0 : Math.ceil(pictures.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => tile.height,
    overscan,
    useFlushSync: false,
  });
  const slots = Math.ceil((rows.scrollRect?.height ?? 0) / tile.height) + 1 + 2 * overscan;
  const batch = useShownBatch()?.id;
  const files = useFileStates(batch);
  const shares = useFileShares(batch);
  const passing = usePassingBy(scroller);
  const index = useMemo(
    () =>
      Math.max(
        0,
        pictures.findIndex((picture) => picture.id === current),
      ),
    [pictures, current],
  );
  const visibleRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / tile.height));

  useEffect(() => {
    if (current !== undefined) tileOf(scroller.current, current)?.focus({ preventScroll: true });
  }, [current]);
  // The focused element may show another picture after scrolling. The list itself holds the focus until the right tile
  // is back.
  useLayoutEffect(() => {
    const list = scroller.current?.querySelector<HTMLElement>('[role="listbox"]');
    if (!list?.contains(document.activeElement)) return;
    const holder = (current !== undefined && tileOf(list, current)) || list;
    if (holder !== document.activeElement) holder.focus({ preventScroll: true });
  });

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

  // While the current picture is scrolled out of view, the list itself receives the keys.
  const inSight = rows.getVirtualItems().some((row) => row.index === Math.floor(index / columns));
  return (
    <div ref={scroller} style={{ flex: 1, overflowY: 'auto', padding: 12 }}>
      <div
        ref={measured}
        role="listbox"
        aria-label={t('restore.pictures')}
        aria-multiselectable
        tabIndex={inSight ? -1 : 0}
        onKeyDown={move}
        style={{ height: rows.getTotalSize(), position: 'relative', outline: inSight ? 'none' : undefined }}
      >
        {rows.getVirtualItems().map((row) => (
          <div
            key={row.index % slots}
            role="presentation"
            className="tile-row"
            style={{
              height: row.size,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
              transform: `translateY(${row.start}px)`,
            }}
          >
            {pictures.slice(row.index * columns, (row.index + 1) * columns).map((picture, column) => {
              const at = row.index * columns + column;
              const file = files.get(picture.id);
              return (
                <PictureTile
                  key={column}
                  picture={picture}
                  index={at}
                  count={pictures.length}
                  file={file}
                  share={file?.state === 'waiting' ? shares[file.number] : undefined}
                  marked={marked.has(picture.id)}
                  focusable={at === index}
                  passing={passing}
                  change={change}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

const tileOf = (parent: HTMLElement | null, id: string): HTMLElement | null | undefined =>
  parent?.querySelector<HTMLElement>(`[data-id="${id}"]`);

/** State of each file of a batch, by the id of its picture. */
function useFileStates(batch: string | undefined): ReadonlyMap<string, BatchFile> {
  const { data } = useCall('batches.files', { batch: batch ?? '' }, { enabled: batch !== undefined });
  return useMemo(() => new Map(data?.map((file) => [file.picture, file])), [data]);
}
