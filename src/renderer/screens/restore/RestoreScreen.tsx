import { Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPhotoPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../../shared/contract/common.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/hooks.ts';
import { showError } from '../../api/showError.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Empty } from '../../components/States.tsx';
import { go, useRoute } from '../../route.ts';
import { DropArea } from './DropArea.tsx';
import { ExportPanel } from './ExportPanel.tsx';
import { PictureGrid } from './PictureGrid.tsx';
import { PictureView } from './PictureView.tsx';
import { added, cleared, useSelection } from './selection.tsx';

/** Photographs in, restored photographs out. */
export function RestoreScreen() {
  const { t } = useTranslation();
  const { item } = useRoute();
  const { selection, change } = useSelection();
  const [busy, setBusy] = useState<string>();
  const sample = useAction('app.sample');
  const open = selection.pictures.find((picture) => picture.id === item);

  const add = async (places: Place[]): Promise<void> => {
    setBusy(t('restore.collecting'));
    try {
      const { pictures, ignored } = await call('restore.collect', { places: places.map((place) => place.id) });
      change(added(pictures));
      if (ignored > 0) notifications.show({ message: t('restore.ignored', { count: ignored }), closeButtonProps: { 'aria-label': t('common.close') } });
    } catch (error) {
      showError(error);
    } finally {
      setBusy(undefined);
    }
  };
  const choosers = (
    <>
      <ChoosePlace wanted="pictures" label={t('restore.addPictures')} onChoose={(places) => void add(places)} />
      <ChoosePlace wanted="folder" label={t('restore.addFolder')} onChoose={(places) => void add(places)} />
    </>
  );

  return (
    <DropArea onPlaces={(places) => void add(places)} onProgress={(count) => setBusy(t('restore.copying', { count }))}>
      <ScreenFrame
        title={open ? open.name : t('nav.restore')}
        subtitle={busy ?? (selection.pictures.length > 0 ? t('restore.count', { count: selection.pictures.length }) : undefined)}
        actions={
          open ? (
            <Button size="xs" variant="default" onClick={() => go('restore')}>
              {t('restore.back')}
            </Button>
          ) : (
            selection.pictures.length > 0 && (
              <>
                {choosers}
                <Button size="xs" variant="subtle" color="gray" onClick={() => change(cleared)}>
                  {selection.marked.size > 0 ? t('restore.takeMarked', { count: selection.marked.size }) : t('restore.takeAll')}
                </Button>
              </>
            )
          )
        }
      >
        {selection.pictures.length === 0 ? (
          <Empty icon={<IconPhotoPlus size={56} stroke={1} />} title={t('restore.emptyTitle')} text={t('restore.emptyText')}>
            <Group>{choosers}</Group>
            <Button size="xs" variant="subtle" loading={sample.isPending} onClick={() => sample.mutate({}, { onSuccess: ({ pictures }) => void add([pictures]) })}>
              {t('restore.sample')}
            </Button>
            {busy && <Text size="sm">{busy}</Text>}
          </Empty>
        ) : (
          <Group gap={0} align="stretch" wrap="nowrap" flex={1} mih={0}>
            <Stack flex={1} miw={0} gap={0}>
              {open ? <PictureView key={open.id} source={open} /> : <PictureGrid />}
            </Stack>
            <ExportPanel />
          </Group>
        )}
      </ScreenFrame>
    </DropArea>
  );
}
