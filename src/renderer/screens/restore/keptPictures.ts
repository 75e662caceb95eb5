import { notifications } from '@mantine/notifications';
import { useEffect, useEffectEvent } from 'react';
import { z } from 'zod';
import { source, type Source } from '../../../shared/contract/restoring.ts';
import { call } from '../../api/client.ts';
import { useConnected } from '../../api/connection.ts';
import { showError } from '../../api/showError.ts';
import { i18n } from '../../i18n/index.ts';

/** The part of a selection that outlives a reload of the page. */
interface KeptPictures {
  pictures: Source[];
  current: string | undefined;
  marked: ReadonlySet<string>;
  batch: string | undefined;
}

/**
 * The added pictures survive a reload of the page in this window. Kept apart from the other choices, because there may
 * be many.
 */
const keys = { pictures: 'mcir.pictures', state: 'mcir.pictures.state' };
const keptState = z.object({
  current: z.string().optional(),
  marked: z.array(z.string()),
  batch: z.string().optional(),
});

/** The pictures that were there before the page was reloaded. */
export function keptPictures(): Partial<KeptPictures> {
  try {
    const pictures = z.array(source).parse(JSON.parse(sessionStorage.getItem(keys.pictures) ?? ''));
    const { current, marked, batch } = keptState.parse(JSON.parse(sessionStorage.getItem(keys.state) ?? ''));
    return { pictures, current, marked: new Set(marked), batch };
  } catch {
    return {};
  }
}

/** If they do not fit into the browser's storage, they are not kept. */
function keep(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    sessionStorage.removeItem(key);
  }
}

/**
 * Keeps the pictures, and removes those that are gone, or whose ids the services do not know.
 */
export function useKeptPictures(
  { pictures, current, marked, batch }: KeptPictures,
  change: (change: (now: KeptPictures) => Partial<KeptPictures>) => void,
): void {
  const connected = useConnected();
  useEffect(() => {
    // Writing a long list takes time, so it happens after the pictures are shown.
    const timer = setTimeout(() => keep(keys.pictures, pictures));
    return () => clearTimeout(timer);
  }, [pictures]);
  useEffect(() => keep(keys.state, { current, marked: [...marked], batch }), [current, marked, batch]);
  const check = useEffectEvent(async () => {
    if (pictures.length === 0) return;
    const known = new Set((await call('restore.known', { pictures: pictures.map(({ id }) => id) })).pictures);
    const gone = pictures.filter(({ id }) => !known.has(id)).length;
    if (gone === 0) return;
    change((now) => ({
      pictures: now.pictures.filter(({ id }) => known.has(id)),
      marked: new Set([...now.marked].filter((id) => known.has(id))),
    }));
    notifications.show({
      // Said once, also if the connection comes and goes.
      id: 'pictures-forgotten',
      color: 'yellow',
      message: i18n.t('restore.forgotten', { count: gone }),
      closeButtonProps: { 'aria-label': i18n.t('common.close') },
    });
  });
  useEffect(() => {
    if (connected) check().catch(showError);
  }, [connected]);
}
