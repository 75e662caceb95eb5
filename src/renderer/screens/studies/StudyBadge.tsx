import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StudySummary } from '../../../shared/contract/studies.ts';
import { StateBadge } from '../../components/States.tsx';

/** The state of a study: that of its job, or that it has not been started. */
export function StudyBadge({ state }: { state: StudySummary['state'] }) {
  const { t } = useTranslation();
  if (state !== 'ready') return <StateBadge state={state} />;
  return (
    <Badge color="gray" variant="dot" size="sm" tt="none" fw={500} miw="max-content">
      {t('studies.ready')}
    </Badge>
  );
}
