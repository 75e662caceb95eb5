import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { thumbnailSize } from '../../../shared/contract/restoring.ts';
import { pictureUrl } from '../../api/client.ts';
import { href } from '../../route.ts';
import { useSelection } from './selection.tsx';

/** Width of a thumbnail including the gap. */
const frameWidth = 84;

/** All pictures in a row below the open one. Only visible thumbnails exist in the DOM. */
export function Filmstrip({ current }: { current: string }) {
  const { t } = useTranslation();
  const { pictures } = useSelection().selection;
  const scroller = useRef<HTMLDivElement>(null);
  const index = pictures.findIndex(({ id }) => id === current);
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler leaves this component alone, which is right
  const frames = useVirtualizer({
    horizontal: true,
    count: pictures.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => frameWidth,
    overscan: 4,
    initialOffset: () => Math.max(0, (index - 3) * frameWidth),
  });
  useEffect(() => frames.scrollToIndex(index, { align: 'auto' }), [frames, index]);
  return (
    <nav ref={scroller} className="filmstrip" aria-label={t('restore.pictures')} tabIndex={-1}>
      <div style={{ position: 'relative', height: '100%', width: frames.getTotalSize() }}>
        {frames.getVirtualItems().map(({ index: at, start }) => {
          const picture = pictures[at];
          return (
            picture && (
              <a
                key={picture.id}
                href={href('restore', picture.id)}
                className="frame-of-film"
                style={{ transform: `translateX(${start}px)`, width: frameWidth - 6 }}
                aria-label={picture.name}
                aria-current={at === index}
                title={picture.name}
                draggable={false}
              >
                <img src={pictureUrl(picture.id, thumbnailSize)} alt="" decoding="async" draggable={false} />
              </a>
            )
          );
        })}
      </div>
    </nav>
  );
}
