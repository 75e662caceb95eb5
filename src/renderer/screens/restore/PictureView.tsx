import { Button, Group, SegmentedControl, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Region, Source } from '../../../shared/contract/restore.ts';
import { pictureUrl } from '../../api/client.ts';
import { useAction } from '../../api/hooks.ts';
import { CompareStage, type Compared, type Layout } from '../../components/CompareStage.tsx';
import { useZoom, type Zoom } from '../../components/useZoom.ts';
import { go } from '../../route.ts';
import { useSelection } from './selection.tsx';

/** A preview covers at most this many pixels, so that it is there within seconds on a processor too. */
const previewPixels = 640 * 640;

/** One picture, before and after. Nothing is written beside it. */
export function PictureView({ source }: { source: Source }) {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const size = usePictureSize(source.id);
  const zoom = useZoom(size);
  const { layout } = selection;
  const setLayout = (next: Layout) => change({ layout: next });
  const holding = useHeldKey('\\');
  const preview = useAction('restore.preview');
  const shown = preview.data && preview.variables.picture === source.id && preview.variables.models[0] === selection.model ? preview.data : undefined;

  const step = (by: number): void => {
    const index = selection.pictures.findIndex((picture) => picture.id === source.id);
    const next = selection.pictures[index + by];
    if (next) {
      change({ current: next.id });
      go('restore', next.id);
    }
  };
  const layouts: Layout[] = ['slider', 'side', 'difference'];
  useHotkeys([
    ['ArrowLeft', () => step(-1)],
    ['ArrowRight', () => step(1)],
    ['Escape', () => go('restore')],
    ['C', () => setLayout(layouts[(layouts.indexOf(layout) + 1) % layouts.length] ?? 'slider')],
    ['0', zoom.fit],
    ['9', () => zoom.to(1)],
    ['+', () => zoom.by(1.25)],
    ['=', () => zoom.by(1.25)],
    ['-', () => zoom.by(0.8)],
  ]);

  const compared: Compared | undefined = size && { before: pictureUrl(source.id), ...size, after: shown && { url: pictureUrl(shown.picture), region: shown.region } };
  return (
    <>
      <div style={{ flex: 1, minHeight: 0 }}>{compared && <CompareStage picture={compared} zoom={zoom} layout={layout} strength={selection.strength} holdBefore={holding} />}</div>
      <Group px="md" py="xs" justify="space-between" style={{ borderTop: '1px solid var(--line)' }}>
        <Group gap="xs">
          <Button
            size="xs"
            loading={preview.isPending}
            disabled={!selection.model || !size}
            onClick={() => selection.model && size && preview.mutate({ picture: source.id, models: [selection.model], region: visibleRegion(size, zoom) })}
          >
            {t('restore.preview')}
          </Button>
          <Text size="xs" c="dimmed">
            {shown ? t('restore.previewed', { width: shown.region.width, height: shown.region.height, seconds: shown.seconds.toFixed(1) }) : t('restore.previewHint')}
          </Text>
        </Group>
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label={t('compare.layout')}
            value={layout}
            onChange={(value) => setLayout(value)}
            data={layouts.map((value) => ({ value, label: t(`compare.${value}`) }))}
          />
          <Button size="compact-sm" variant="default" onClick={zoom.fit}>
            {t('compare.fit')}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => zoom.to(1)}>
            1:1
          </Button>
          <Text size="xs" w={44} ta="right" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {Math.round(zoom.view.scale * 100)} %
          </Text>
        </Group>
      </Group>
    </>
  );
}

/** Width and height of a picture as the browser shows it, upright. */
function usePictureSize(id: string): { width: number; height: number } | undefined {
  const [known, setKnown] = useState<{ id: string; width: number; height: number }>();
  useEffect(() => {
    const image = new Image();
    image.onload = () => setKnown({ id, width: image.naturalWidth, height: image.naturalHeight });
    image.src = pictureUrl(id);
    return () => {
      image.onload = null;
    };
  }, [id]);
  return known?.id === id ? known : undefined;
}

/** Whether a key is held down. */
function useHeldKey(key: string): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const down = (event: globalThis.KeyboardEvent) => event.key === key && setHeld(true);
    const up = (event: globalThis.KeyboardEvent) => event.key === key && setHeld(false);
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
    };
  }, [key]);
  return held;
}

/** The part of the picture in sight, cut about its middle to what a preview may cover. */
function visibleRegion(picture: { width: number; height: number }, zoom: Zoom): Region {
  const { scale, x, y } = zoom.view;
  const left = Math.max(0, -x / scale);
  const top = Math.max(0, -y / scale);
  const right = Math.min(picture.width, (zoom.width - x) / scale);
  const bottom = Math.min(picture.height, (zoom.height - y) / scale);
  const shrink = Math.min(1, Math.sqrt(previewPixels / Math.max(1, (right - left) * (bottom - top))));
  const width = Math.max(1, Math.floor((right - left) * shrink));
  const height = Math.max(1, Math.floor((bottom - top) * shrink));
  return { left: Math.floor((left + right - width) / 2), top: Math.floor((top + bottom - height) / 2), width, height };
}
