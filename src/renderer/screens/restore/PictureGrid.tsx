import { Progress, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { thumbnailSize, type BatchFile, type Source } from '../../../shared/contract/restore.ts';
import { pictureUrl } from '../../api/client.ts';
import { useCall } from '../../api/hooks.ts';
import { useFileProgress } from '../../api/liveUpdates.ts';
import { useWidth } from '../../components/useWidth.ts';
import { StateBadge } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { go } from '../../route.ts';
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
  const rows = useVirtualizer({ count: Math.ceil(pictures.length / columns), getScrollElement: () => scroller.current, estimateSize: () => tile.height, overscan: 3 });
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
              <Tile key={picture.id} picture={picture} file={files.get(picture.id)} batch={batch} marked={marked.has(picture.id)} focusable={row.index * columns + column === index} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

interface TileProps {
  picture: Source;
  file: BatchFile | undefined;
  batch: string | undefined;
  marked: boolean;
  focusable: boolean;
}

function Tile({ picture, file, batch, marked, focusable }: TileProps) {
  const { t } = useTranslation();
  const told = useTold();
  const { change } = useSelection();
  const [broken, setBroken] = useState(false);
  const path = `${picture.folder ? `${picture.folder}/` : ''}${picture.name}`;
  const share = useFileProgress(batch, file?.number);
  const working = file?.state === 'waiting' && share !== undefined;
  return (
    <div
      role="option"
      aria-selected={marked}
      aria-label={[path, file && t(`state.${working ? 'running' : file.state}`), file?.reason && told(file.reason)].filter(Boolean).join(', ')}
      data-id={picture.id}
      tabIndex={focusable ? 0 : -1}
      className="tile"
      title={[path, ...[file?.reason ?? '', ...(file?.warnings ?? [])].filter(Boolean).map(told)].join('\n')}
      onFocus={() => change({ current: picture.id })}
      onClick={() => go('restore', picture.id)}
    >
      <div className="tile-picture">
        {broken ? (
          <Text size="xs" c="dimmed" ta="center" p="xs">
            {t('restore.unreadable')}
          </Text>
        ) : (
          <img src={pictureUrl(picture.id, thumbnailSize)} alt="" decoding="async" onError={() => setBroken(true)} />
        )}
      </div>
      {working && <Progress size={3} value={100 * share} aria-hidden />}
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
        {file && <StateBadge state={working ? 'running' : file.state} />}
      </div>
    </div>
  );
}

/** State of each file of a batch, by the id of its picture. */
function useFileStates(batch: string | undefined): ReadonlyMap<string, BatchFile> {
  const { data } = useCall('batches.files', { batch: batch ?? '' }, { enabled: batch !== undefined });
  return useMemo(() => new Map(data?.map((file) => [file.picture, file])), [data]);
}
