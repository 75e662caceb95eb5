import { Progress } from '@mantine/core';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { thumbnailSize, type BatchFile, type Source } from '../../../shared/contract/restore.ts';
import { bridge, dragOut, pictureUrl } from '../../api/client.ts';
import { useFileProgress } from '../../api/liveUpdates.ts';
import { showError } from '../../api/showError.ts';
import { StateBadge } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { go } from '../../route.ts';
import { markToggled, type Change } from './selection.tsx';

interface TileProps {
  picture: Source;
  /** What became of it in a batch. */
  file: BatchFile | undefined;
  batch: string | undefined;
  marked: boolean;
  focusable: boolean;
  change: (change: Change) => void;
}

/** One picture of the grid. Many come and go while somebody scrolls, so it is light, and drawn anew only where it changes. */
export const PictureTile = memo(function PictureTile(props: TileProps) {
  return props.file?.state === 'waiting' ? <WaitingTile {...props} /> : <Tile {...props} />;
});

/** The ledger calls a picture waiting until it is written; the share tells which are at work. */
function WaitingTile(props: TileProps) {
  return <Tile {...props} share={useFileProgress(props.batch, props.file?.number)} />;
}

function Tile({ picture, file, marked, focusable, change, share }: TileProps & { share?: number | undefined }) {
  const { t } = useTranslation();
  const told = useTold();
  const [broken, setBroken] = useState(false);
  const path = `${picture.folder ? `${picture.folder}/` : ''}${picture.name}`;
  const state = share === undefined ? file?.state : 'running';
  return (
    <div
      role="option"
      aria-selected={marked}
      aria-label={[path, state && t(`state.${state}`), file?.reason && told(file.reason)].filter(Boolean).join(', ')}
      data-id={picture.id}
      tabIndex={focusable ? 0 : -1}
      className="tile"
      title={[path, ...[file?.reason ?? '', ...(file?.warnings ?? [])].filter(Boolean).map(told)].join('\n')}
      draggable={bridge !== undefined && file?.result !== undefined}
      onDragStart={(event) => {
        // The system goes on with it: what is dragged is the file that was written.
        event.preventDefault();
        if (file?.result) dragOut([file.result]).catch(showError);
      }}
      onFocus={() => change({ current: picture.id })}
      onClick={() => go('restore', picture.id)}
    >
      <div className="tile-picture">{broken ? <span>{t('restore.unreadable')}</span> : <img src={pictureUrl(picture.id, thumbnailSize)} alt="" draggable={false} decoding="async" onError={() => setBroken(true)} />}</div>
      {share !== undefined && <Progress size={3} value={100 * share} aria-hidden />}
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
        <span className="tile-name">{picture.name}</span>
        {state && <StateBadge state={state} />}
      </div>
    </div>
  );
}
