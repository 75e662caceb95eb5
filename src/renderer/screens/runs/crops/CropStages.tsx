import { ActionIcon, Group, Text, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPin, IconPinFilled } from '@tabler/icons-react';
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { ReactCompareSlider } from 'react-compare-slider';
import { useTranslation } from 'react-i18next';
import type { Region } from '../../../../shared/contract/restoring.ts';
import type { SharedCrop } from '../../../../shared/contract/training.ts';
import { useCall } from '../../../api/hooks.ts';
import { decibels, similarity } from '../../../components/format.ts';
import type { Zoom } from '../../../components/useZoom.ts';
import { useWheelZoom } from '../../../components/useWheelZoom.ts';
import { pixelsInSight } from '../../../components/visibleRegion.ts';
import type { Column, Pin } from './columns.ts';
import { CropTile } from './CropTile.tsx';

interface StageProps {
  crop: SharedCrop;
  zoom: Zoom;
}

interface GridProps extends StageProps {
  columns: Column[];
  /** The difference shown in the brightest colour; undefined to show the pictures themselves. */
  errors: number | undefined;
  pins: Pin[];
  onPin: (pin: Pin) => void;
  yChannel: boolean;
}

/** All tiles side by side, panned and zoomed together, each with its metrics. */
export function CropGrid({ crop, columns, zoom, errors, pins, onPin, yChannel }: GridProps) {
  const { t } = useTranslation();
  const [part] = useDebouncedValue(pixelsInSight(crop, zoom), 300);
  return (
    <div className="crop-grid">
      {columns.map((column, index) => {
        const pinned = pins.some(({ run, step }) => run === column.run?.id && step === column.step);
        return (
          <figure key={column.key} style={{ margin: 0, minWidth: 0 }}>
            <Stage zoom={zoom} measured={index === 0} label={columnTitle(t, column)}>
              <CropTile
                picture={column.picture}
                label={columnTitle(t, column)}
                width={crop.width}
                height={crop.height}
                view={zoom.view}
                error={
                  errors !== undefined && column.key !== 'target' ? { target: crop.target, full: errors } : undefined
                }
              />
            </Stage>
            <Group component="figcaption" gap={4} wrap="nowrap" align="flex-start" pt={4}>
              <div style={{ flex: 1, minWidth: 0 }}>
                <Text size="xs" fw={600} truncate title={columnTitle(t, column)}>
                  {columnTitle(t, column)}
                </Text>
                {column.run && column.step !== undefined && (
                  <Measures
                    crop={crop}
                    run={column.run.id}
                    step={column.step}
                    whole={column}
                    part={part}
                    yChannel={yChannel}
                  />
                )}
              </div>
              {column.run && column.step !== undefined && (
                <Tooltip label={t(pinned ? 'crops.unpin' : 'crops.pin')}>
                  <ActionIcon
                    size="sm"
                    variant="subtle"
                    color="gray"
                    aria-label={`${t(pinned ? 'crops.unpin' : 'crops.pin')}: ${columnTitle(t, column)}`}
                    aria-pressed={pinned}
                    onClick={() =>
                      column.run && column.step !== undefined && onPin({ run: column.run.id, step: column.step })
                    }
                  >
                    {pinned ? <IconPinFilled size={14} /> : <IconPin size={14} />}
                  </ActionIcon>
                </Tooltip>
              )}
            </Group>
          </figure>
        );
      })}
    </div>
  );
}

/** Two tiles in one view, split by a handle. */
export function CropSlider({ crop, zoom, left, right }: StageProps & { left: Column; right: Column }) {
  const { t } = useTranslation();
  const tile = (column: Column): ReactNode => (
    <div
      style={{ position: 'relative', width: '100%', height: '100%', overflow: 'hidden', background: 'var(--stage)' }}
    >
      <CropTile
        picture={column.picture}
        label={columnTitle(t, column)}
        width={crop.width}
        height={crop.height}
        view={zoom.view}
      />
      <span className="stage-label" data-restored={column === right}>
        {columnTitle(t, column)}
      </span>
    </div>
  );
  return (
    <Stage zoom={zoom} measured tall label={`${columnTitle(t, left)} | ${columnTitle(t, right)}`}>
      <ReactCompareSlider
        onlyHandleDraggable
        itemOne={tile(left)}
        itemTwo={tile(right)}
        style={{ width: '100%', height: '100%' }}
      />
    </Stage>
  );
}

/**
 * Stage for the pictures: drag or arrow keys to pan, + and - to zoom, 0 to fit. The wheel zooms with Ctrl or after a
 * click on the stage; before that, it scrolls the page.
 */
function Stage({
  zoom,
  measured,
  tall = false,
  label,
  children,
}: {
  zoom: Zoom;
  measured: boolean;
  tall?: boolean;
  label: string;
  children: ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { stage, handlers } = zoom;
  useEffect(() => {
    if (measured) stage(box.current);
  }, [measured, stage]);
  useWheelZoom(box, zoom, unlessScrolling);
  const keys: Record<string, () => void> = {
    '+': () => zoom.by(1.4),
    '=': () => zoom.by(1.4),
    '-': () => zoom.by(1 / 1.4),
    '0': zoom.fit,
    ArrowLeft: () => zoom.pan(40, 0),
    ArrowRight: () => zoom.pan(-40, 0),
    ArrowUp: () => zoom.pan(0, 40),
    ArrowDown: () => zoom.pan(0, -40),
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = keys[event.key];
    // The slider's handle uses the arrow keys itself.
    if (!act || event.target !== event.currentTarget) return;
    event.preventDefault();
    act();
  };
  return (
    <div
      className="crop-stage"
      data-tall={tall}
      tabIndex={0}
      role="group"
      aria-label={label}
      ref={box}
      {...handlers}
      onKeyDown={onKeyDown}
    >
      {children}
    </div>
  );
}

const unlessScrolling = (event: WheelEvent, stage: Element): boolean =>
  event.ctrlKey || stage.contains(document.activeElement);

/** Metrics of the whole picture from the validation, and of the visible part. */
function Measures({
  crop,
  run,
  step,
  whole,
  part,
  yChannel,
}: {
  crop: SharedCrop;
  run: string;
  step: number;
  whole: Column;
  part: Region | undefined;
  yChannel: boolean;
}) {
  const { t } = useTranslation();
  const inSight = useCall(
    'runs.measure',
    { run, step, name: crop.name, part: part ?? { left: 0, top: 0, width: 1, height: 1 }, yChannel },
    { enabled: part !== undefined, staleTime: Infinity },
  );
  const finite = (psnr: number | null): string => (psnr === null ? '∞' : decibels(psnr));
  const line = (label: string, psnr: number | null | undefined, ssim: number | null | undefined): ReactNode => (
    <tr>
      <td>{label}</td>
      <td>{psnr === undefined ? '…' : finite(psnr)}</td>
      <td>{ssim == null ? '–' : similarity(ssim)}</td>
    </tr>
  );
  return (
    <table className="measures">
      <tbody>
        {line(t('crops.whole'), whole.psnr, whole.ssim)}
        {line(t('crops.inSight'), inSight.data?.psnr, inSight.data?.ssim)}
        {Object.entries(whole.lpips ?? {}).map(([network, value]) => (
          <tr key={network}>
            <td>{t('studies.lpips', { network })}</td>
            <td colSpan={2}>{value.toFixed(4)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** "Input", "Target", or a run and its step. */
export function columnTitle(t: ReturnType<typeof useTranslation>['t'], { key, run, step, best }: Column): string {
  if (!run || step === undefined) return t(key === 'input' ? 'runs.side.input' : 'runs.side.target');
  return t(best ? 'crops.atBest' : 'crops.at', { run: run.name, step });
}
