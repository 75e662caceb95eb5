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
  /** Its position among all pictures, and their number. */
  index: number;
  count: number;
  /** Its result in a batch. */
  file: BatchFile | undefined;
  /** Share that is done while it is being restored. */
  share: number | undefined;
  marked: boolean;
  focusable: boolean;
  /** The user is scrolling too fast to see it. */
  passing: boolean;
  change: (change: Change) => void;
}

/**
 * One picture of the grid. During fast scrolling a tile shows hundreds of pictures per second, so it is plain HTML, and
 * parts that only a batch needs are separate components.
 */
export const PictureTile = memo(function PictureTile(props: TileProps) {
  return props.file ? (
    <BatchTile {...props} file={props.file} />
  ) : (
    <Tile {...props} label={pathOf(props.picture)} title={pathOf(props.picture)} />
  );
});

const pathOf = ({ folder, name }: Source): string => (folder ? `${folder}/${name}` : name);

/**
 * A tile with its state in a batch. The ledger says "waiting" until a picture is written; the share shows which are
 * being restored.
 */
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
        // The operating system takes over the drag: what is dragged is the written file.
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
        {/* For the mouse only: the option itself has the selected state, and Space toggles it. */}
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

/** Rendered when first needed, and kept from then on. */
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
