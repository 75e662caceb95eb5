import { Alert, Button, ScrollArea, Stack, Title } from '@mantine/core';
import { IconAlertTriangle, IconStack2 } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../../shared/contract/common.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Empty, Loaded } from '../../components/States.tsx';
import { go, useRoute } from '../../route.ts';
import { BrokenModels } from './BrokenModels.tsx';
import { ModelPage } from './ModelPage.tsx';
import { ModelTable } from './ModelTable.tsx';
import { Packs } from './Packs.tsx';

/** All models: those of the user's runs, added files, and packs that can be downloaded. */
export function ModelsScreen() {
  const { t } = useTranslation();
  const { item } = useRoute();
  const models = useCall('models.list', {});
  const add = useAction('models.add', ['models.list'], { silent: true });
  const [name, setName] = useState('');
  const addFile = (file: Place): void => {
    setName(file.name);
    add.mutate({ file: file.id }, { onSuccess: ({ id }) => go('models', id) });
  };
  const chosen = models.data?.find((model) => model.id === item);
  if (chosen) return <ModelPage key={chosen.id} model={chosen} />;
  return (
    <ScreenFrame
      title={t('nav.models')}
      actions={
        <ChoosePlace
          wanted="weights"
          label={t('models.add')}
          loading={add.isPending}
          onChoose={([file]) => file && addFile(file)}
        />
      }
    >
      {add.error && (
        <Alert
          color="red"
          variant="default"
          radius={0}
          icon={<IconAlertTriangle />}
          title={t('models.notAdded', { name })}
          withCloseButton
          closeButtonLabel={t('common.close')}
          onClose={add.reset}
        >
          {add.error.message}
        </Alert>
      )}
      <Loaded query={models}>
        {(list) => (
          <ScrollArea flex={1}>
            <Stack gap="xl" p="lg" maw={1200}>
              {list.length === 0 ? (
                <Empty
                  icon={<IconStack2 size={56} stroke={1} />}
                  title={t('models.emptyTitle')}
                  text={t('models.emptyText')}
                >
                  <Button onClick={() => go('train')}>{t('runs.toTrain')}</Button>
                </Empty>
              ) : (
                <section>
                  <Title order={2} size="h6" mb="xs">
                    {t('models.here')}
                  </Title>
                  <ModelTable models={list} />
                </section>
              )}
              <BrokenModels />
              <Packs />
            </Stack>
          </ScrollArea>
        )}
      </Loaded>
    </ScreenFrame>
  );
}
