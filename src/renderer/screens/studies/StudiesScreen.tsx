import { Button } from '@mantine/core';
import { IconFlask } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Empty, Loaded } from '../../components/States.tsx';
import { go, useRoute } from '../../route.ts';
import { NewStudy } from './NewStudy.tsx';
import { StudyPage } from './StudyPage.tsx';
import { StudyTable } from './StudyTable.tsx';

/** The item of the address under which a new study is set up; no study's id has a plus sign. */
export const newStudy = '+new';

/** All studies: the table, one study, or the form of a new one. */
export function StudiesScreen() {
  const { t } = useTranslation();
  const { item } = useRoute();
  const studies = useCall('studies.list', {}, { staleTime: 0 });
  const create = useAction('studies.create', ['studies.list']);
  if (item === newStudy) return <NewStudy />;
  if (item !== undefined && item !== '') return <StudyPage key={item} id={item} />;
  const actions = (
    <>
      <ChoosePlace
        wanted="studies"
        label={t('studies.fromFile')}
        loading={create.isPending}
        onChoose={([file]) => file && create.mutate({ file: file.id }, { onSuccess: ({ id }) => go('studies', id) })}
      />
      <Button size="xs" onClick={() => go('studies', newStudy)}>
        {t('studies.new')}
      </Button>
    </>
  );
  return (
    <ScreenFrame title={t('nav.studies')} subtitle={t('studies.subtitle')} actions={actions}>
      <Loaded query={studies}>
        {(list) =>
          list.length === 0 ? (
            <Empty
              icon={<IconFlask size={56} stroke={1} />}
              title={t('studies.emptyTitle')}
              text={t('studies.emptyText')}
            >
              <Button onClick={() => go('studies', newStudy)}>{t('studies.new')}</Button>
            </Empty>
          ) : (
            <StudyTable studies={list} />
          )
        }
      </Loaded>
    </ScreenFrame>
  );
}
