import { Button, Modal, Stack, Text } from '@mantine/core';
import { IconPhotoPlus, IconSchool } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../shared/contract/common.ts';
import { call } from '../api/client.ts';
import { showError } from '../api/showError.ts';
import { ChoosePlace } from '../components/ChoosePlace.tsx';
import { go } from '../route.ts';
import { openSingle } from '../screens/restore/openSingle.ts';
import { added, useSelection, usingModel } from '../screens/restore/selection.tsx';
import { useSettings } from '../screens/settings/useSettings.ts';

/** Shown once, at the first start: the sample shows restoring and training without any data of the user. */
export function Welcome() {
  const { t } = useTranslation();
  const { settings, change } = useSettings();
  const selection = useSelection();
  const [preparing, setPreparing] = useState(false);
  const close = (): void => change({ welcomed: true });

  const showSample = async (): Promise<void> => {
    setPreparing(true);
    try {
      const { pictures, config } = await call('app.sample', {});
      selection.change(added((await call('restore.collect', { places: [pictures.id] })).pictures));
      const run = await call('training.start', { config });
      selection.change(usingModel(run.id));
      close();
      go('runs', run.id);
    } catch (error) {
      showError(error);
    } finally {
      setPreparing(false);
    }
  };

  const addOwn = async (places: Place[]): Promise<void> => {
    close();
    try {
      const { pictures } = await call('restore.collect', { places: places.map(({ id }) => id) });
      selection.change(added(pictures));
      openSingle(selection.selection.pictures, pictures);
    } catch (error) {
      showError(error);
    }
  };

  return (
    <Modal
      opened={settings?.welcomed === false}
      onClose={close}
      title={t('welcome.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">{t('welcome.text')}</Text>
        <Choice icon={<IconPhotoPlus size={28} stroke={1.5} />} text={t('welcome.ownText')}>
          <ChoosePlace
            wanted="pictures"
            variant="filled"
            size="sm"
            focused
            label={t('welcome.own')}
            onChoose={(places) => void addOwn(places)}
          />
        </Choice>
        <Choice icon={<IconSchool size={28} stroke={1.5} />} text={t('welcome.sampleText')}>
          <Button variant="default" loading={preparing} onClick={() => void showSample()}>
            {t('welcome.sample')}
          </Button>
        </Choice>
        <Text size="xs" c="dimmed">
          {t('settings.noNetwork')}
        </Text>
      </Stack>
    </Modal>
  );
}

function Choice({ icon, text, children }: { icon: ReactNode; text: string; children: ReactNode }) {
  return (
    <div className="choice">
      {icon}
      <Text size="sm">{text}</Text>
      {children}
    </div>
  );
}
