import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { dateTime } from '../../../shared/dates.ts';
import { useCall } from '../../api/hooks.ts';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Empty, Loaded, StateBadge } from '../../components/States.tsx';
import { IconTable } from '@tabler/icons-react';
import { go, useRoute } from '../../route.ts';
import { RunActions } from './RunActions.tsx';
import { RunCompare } from './RunCompare.tsx';
import { RunPageView } from './RunPageView.tsx';
import { RunTable } from './RunTable.tsx';

/** All trainings: the table, one run, or several compared (`a+b`). */
export function RunsScreen() {
  const { t } = useTranslation();
  const { item } = useRoute();
  const runs = useCall('runs.list', {});
  const ids = item?.split('+') ?? [];
  const chosen = runs.data?.filter((run) => ids.includes(run.id)) ?? [];
  const [only] = chosen;
  const known = [...new Set(runs.data?.flatMap(({ tags }) => tags))].sort();
  const back = (
    <Button size="xs" variant="default" onClick={() => go('runs')}>
      {t('runs.back')}
    </Button>
  );

  if (only && chosen.length === 1) {
    return (
      <ScreenFrame
        title={only.name}
        subtitle={`${only.id} · ${only.network} · ${dateTime(only.created)}`}
        actions={
          <>
            <StateBadge state={only.state} />
            <RunActions run={only} />
            {back}
          </>
        }
      >
        <RunPageView key={only.id} run={only} known={known} />
      </ScreenFrame>
    );
  }
  return (
    <ScreenFrame
      title={chosen.length > 1 ? t('runs.comparing', { count: chosen.length }) : t('nav.runs')}
      actions={chosen.length > 1 && back}
    >
      {chosen.length > 1 ? (
        <RunCompare runs={chosen} />
      ) : (
        <Loaded query={runs}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon={<IconTable size={56} stroke={1} />} title={t('runs.emptyTitle')} text={t('runs.emptyText')}>
                <Button onClick={() => go('train')}>{t('runs.toTrain')}</Button>
              </Empty>
            ) : (
              <RunTable runs={list} />
            )
          }
        </Loaded>
      )}
    </ScreenFrame>
  );
}
