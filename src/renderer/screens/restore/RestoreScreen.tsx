import { ActionIcon, Button, Group, Stack, Text, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconHistory, IconPhotoPlus } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../../shared/contract/common.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/hooks.ts';
import { showError } from '../../api/showError.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Empty } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { go, useRoute } from '../../route.ts';
import { BatchesView } from './BatchesView.tsx';
import { DropArea } from '../../components/DropArea.tsx';
import { PictureGrid } from './PictureGrid.tsx';
import { PictureView } from './PictureView.tsx';
import { openSingle } from './openSingle.ts';
import { added, cleared, useSelection } from './selection.tsx';
import { SidePanel } from './SidePanel.tsx';

/** The Restore screen: all pictures, one picture, or the list of batches. */
export function RestoreScreen() {
  const { t } = useTranslation();
  const told = useTold();
  const { item } = useRoute();
  const { selection, change } = useSelection();
  const [busy, setBusy] = useState<string>();
  const sample = useAction('app.sample');
  const { pictures, marked } = selection;
  const index = pictures.findIndex((picture) => picture.id === item);
  const open = pictures[index];
  const history = item === 'batches';

  const add = async (places: Place[]): Promise<void> => {
    setBusy(t('restore.collecting'));
    try {
      const found = await call('restore.collect', { places: places.map((place) => place.id) });
      change(added(found.pictures));
      openSingle(pictures, found.pictures);
      if (found.skipped.length > 0)
        notifications.show({
          color: 'yellow',
          title: t('restore.skipped', { count: found.skipped.length }),
          message: told(found.skipped[0] ?? ''),
          closeButtonProps: { 'aria-label': t('common.close') },
        });
      for (const sentence of found.beside)
        notifications.show({ message: told(sentence), closeButtonProps: { 'aria-label': t('common.close') } });
      if (found.pictures.length === 0)
        notifications.show({
          color: 'yellow',
          message: t('restore.noneFound'),
          closeButtonProps: { 'aria-label': t('common.close') },
        });
      else if (found.ignored > 0)
        notifications.show({
          message: t('restore.ignored', { count: found.ignored }),
          closeButtonProps: { 'aria-label': t('common.close') },
        });
    } catch (error) {
      showError(error);
    } finally {
      setBusy(undefined);
    }
  };
  // Pictures that have arrived are shown while the others are still copied. Each refresh waits for twice as many as the
  // last.
  const shown = useRef({ drop: '', copied: 0 });
  const showCopied = async (copied: number, drop: Place): Promise<void> => {
    setBusy(t('restore.copying', { count: copied }));
    if (shown.current.drop === drop.id && copied < 2 * shown.current.copied) return;
    shown.current = { drop: drop.id, copied };
    await call('restore.collect', { places: [drop.id] }).then(({ pictures: some }) => change(added(some)), showError);
  };
  const choosers = (
    <>
      <ChoosePlace wanted="pictures" label={t('restore.addPictures')} onChoose={(places) => void add(places)} />
      <ChoosePlace wanted="folder" label={t('restore.addFolder')} onChoose={(places) => void add(places)} />
    </>
  );
  const back = (
    <Button size="xs" variant="default" onClick={() => go('restore')}>
      {t('restore.back')}
    </Button>
  );
  const grid = (
    <>
      {pictures.length > 0 && choosers}
      {pictures.length > 0 && (
        <Button size="xs" variant="subtle" color="gray" onClick={() => change(cleared)}>
          {marked.size > 0 ? t('restore.takeMarked', { count: marked.size }) : t('restore.takeAll')}
        </Button>
      )}
      <Tooltip label={t('batch.all')}>
        <ActionIcon size={30} variant="default" aria-label={t('batch.all')} onClick={() => go('restore', 'batches')}>
          <IconHistory size={16} stroke={1.5} />
        </ActionIcon>
      </Tooltip>
    </>
  );
  const counted =
    marked.size > 0
      ? t('restore.countMarked', { count: pictures.length, marked: marked.size })
      : t('restore.count', { count: pictures.length });
  const position =
    pictures.length > 1 ? t('restore.position', { number: index + 1, count: pictures.length }) : undefined;
  const count = pictures.length === 0 ? undefined : counted;
  const subtitle = open ? position : count;

  const empty = (
    <Empty icon={<IconPhotoPlus size={56} stroke={1} />} title={t('restore.emptyTitle')} text={t('restore.emptyText')}>
      <Group justify="center">{choosers}</Group>
      <Button
        size="xs"
        variant="subtle"
        loading={sample.isPending}
        onClick={() => sample.mutate({}, { onSuccess: ({ pictures: place }) => void add([place]) })}
      >
        {t('restore.sample')}
      </Button>
      {busy && <Text size="sm">{busy}</Text>}
    </Empty>
  );

  return (
    <DropArea onPlaces={(places) => void add(places)} onProgress={showCopied}>
      <ScreenFrame
        title={open ? open.name : t(history ? 'batch.all' : 'nav.restore')}
        subtitle={history ? undefined : (busy ?? subtitle)}
        actions={open || history ? back : grid}
      >
        {history ? (
          <BatchesView />
        ) : (
          <Group gap={0} align="stretch" wrap="nowrap" flex={1} mih={0}>
            <Stack flex={1} miw={0} gap={0}>
              {open && <PictureView key={open.id} source={open} />}
              {!open && (pictures.length > 0 ? <PictureGrid /> : empty)}
            </Stack>
            {/* Mounted from the start, so that the first pictures do not wait for it. */}
            <div className="panel side" hidden={pictures.length === 0}>
              <SidePanel />
            </div>
          </Group>
        )}
      </ScreenFrame>
    </DropArea>
  );
}
