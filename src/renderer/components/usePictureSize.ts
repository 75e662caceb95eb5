import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { AppError } from '../../shared/errors.ts';
import { i18n } from '../i18n/index.ts';
import type { Size } from './useZoom.ts';

/** Width and height of a picture as the browser shows it, upright. The browser caches the picture. */
export function usePictureSize(url: string): UseQueryResult<Size> {
  return useQuery({ queryKey: ['picture-size', url], queryFn: () => measure(url), meta: { silent: true } });
}

async function measure(url: string): Promise<Size> {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch (cause) {
    throw new AppError('unsupported', i18n.t('compare.unreadable'), { cause });
  }
  return { width: image.naturalWidth, height: image.naturalHeight };
}
