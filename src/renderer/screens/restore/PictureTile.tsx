import { Progress } from '@mantine/core';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { thumbnailSize, type BatchFile, type Source } from '../../../shared/contract/restoring.ts';
import { bridge, dragOut, pictureUrl } from '../../api/client.ts';
import { showError } from '../../api/showError.ts';
import { useTold } from '../../i18n/told.ts';
import { go } from '../../route.ts';
import { markToggled, type Change } from './selection.tsx';

interface TileProps {
  picture: Source;
  /** Its place among all pictures, and how many they are. */
  index: number;
  count: number;
  /** What became of it in a batch. */
  file: BatchFile | undefined;
  /** How much of it is done, while it is worked on. */
  share: number | undefined;
  marked: boolean;
  focusable: boolean;
  /** Somebody scrolls past it too fast to see it. */
  passing: boolean;
  change: (change: Change) => void;
}

/**
 * One picture of the grid. While somebody scrolls, a tile shows one picture after the other, hundreds a second: it is plain
 * HTML, and what only a batch needs is in components of its own.
 */
export const PictureTile = memo(function PictureTile(props: TileProps) {
  return props.file ? (
    <BatchTile {...props} file={props.file} />
  ) : (
    <Tile {...props} label={pathOf(props.picture)} title={pathOf(props.picture)} />
  );
});

const pathOf = ({ folder, name }: Source): string => (folder ? `${folder}/${name}` : name);

/** With what became of it. The ledger calls a picture waiting until it is written; the share tells which are at work. */
function BatchTile(props: TileProps & { file: BatchFile }) {
  const { t } = useTranslation();
  const told = useTold();
  const { picture, file, share } = props;
  const state = share === undefined ? file.state : 'running';
  const reason = file.reason && told(file.reason);
  return (
    <Tile
      {...props}
      label={[pathOf(picture), t(`state.${state}`), reason].filter(Boolean).join(', ')}
      title={[pathOf(picture), reason, ...file.warnings.map(told)].filter(Boolean).join('\n')}
      state={state}
      stateName={t(`state.${state}`)}
    />
  );
}

interface ShownTile extends TileProps {
  label: string;
  title: string;
  state?: string;
  stateName?: string;
}

function Tile({
  picture,
  index,
  count,
  file,
  share,
  marked,
  focusable,
  passing,
  change,
  label,
  title,
  state,
  stateName,
}: ShownTile) {
  return (
    <div
      role="option"
      aria-selected={marked}
      aria-label={label}
      aria-posinset={index + 1}
      aria-setsize={count}
      data-id={picture.id}
      tabIndex={focusable ? 0 : -1}
      className="tile"
      title={title}
      draggable={bridge !== undefined && file?.result !== undefined}
      onDragStart={(event) => {
        // The system goes on with it: what is dragged is the file that was written.
        event.preventDefault();
        if (file?.result) dragOut([file.result]).catch(showError);
      }}
      onFocus={() => change({ current: picture.id })}
      onClick={() => go('restore', picture.id)}
    >
      <div className="tile-picture">
        <Thumbnail key={picture.id} picture={picture.id} wanted={!passing} />
      </div>
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
        {state && (
          <span className="tile-state" data-state={state}>
            {stateName}
          </span>
        )}
      </div>
    </div>
  );
}

/** Asked for when it is first wanted, and kept from then on. */
function Thumbnail({ picture, wanted }: { picture: string; wanted: boolean }) {
  const [asked, setAsked] = useState(wanted);
  const [broken, setBroken] = useState(false);
  if (wanted && !asked) setAsked(true);
  if (broken) return <Unreadable />;
  return asked ? (
    <img
      src={pictureUrl(picture, thumbnailSize)}
      alt=""
      draggable={false}
      decoding="async"
      onError={() => setBroken(true)}
    />
  ) : null;
}

function Unreadable() {
  const { t } = useTranslation();
  return <span>{t('restore.unreadable')}</span>;
}
