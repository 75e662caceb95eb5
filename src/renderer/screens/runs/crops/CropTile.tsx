import { useEffect, useRef } from 'react';
import { pictureUrl } from '../../../api/client.ts';
import type { View } from '../../../components/useZoom.ts';
import { drawErrorMap } from './errorMap.ts';

interface TileProps {
  picture: string;
  label: string;
  width: number;
  height: number;
  view: View;
  /** Show the difference to this picture instead; `full` gets the brightest colour. */
  error?: { target: string; full: number } | undefined;
}

/** A picture in the common view, or its error map. */
export function CropTile({ picture, label, width, height, view, error }: TileProps) {
  const place = {
    position: 'absolute',
    left: 0,
    top: 0,
    width,
    height,
    transformOrigin: '0 0',
    transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
    imageRendering: view.scale >= 2 ? 'pixelated' : 'auto',
    pointerEvents: 'none',
    maxWidth: 'none',
  } as const;
  return error ? (
    <ErrorMap
      picture={picture}
      target={error.target}
      full={error.full}
      label={label}
      width={width}
      height={height}
      style={place}
    />
  ) : (
    <img src={pictureUrl(picture)} alt={label} draggable={false} style={place} />
  );
}

function ErrorMap({
  picture,
  target,
  full,
  label,
  width,
  height,
  style,
}: {
  picture: string;
  target: string;
  full: number;
  label: string;
  width: number;
  height: number;
  style: React.CSSProperties;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let current = true;
    void Promise.all([load(picture), load(target)]).then(([a, b]) => {
      if (current && canvas.current) drawErrorMap(canvas.current, a, b, full);
    });
    return () => {
      current = false;
    };
  }, [picture, target, full]);
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={label} style={style} />;
}

async function load(id: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = pictureUrl(id);
  await image.decode();
  return image;
}
