import { Button, Modal, Stack, Text } from '@mantine/core';
import { IconPhotoPlus, IconSchool } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/client.ts';
import { showError } from '../api/showError.ts';
import { go } from '../route.ts';
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
        <Choice icon={<IconSchool size={28} stroke={1.5} />} text={t('welcome.sampleText')}>
          <Button loading={preparing} onClick={() => void showSample()} data-autofocus>
            {t('welcome.sample')}
          </Button>
        </Choice>
        <Choice icon={<IconPhotoPlus size={28} stroke={1.5} />} text={t('welcome.ownText')}>
          <Button
            variant="default"
            disabled={preparing}
            onClick={() => {
              close();
              go('restore');
            }}
          >
            {t('welcome.own')}
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
