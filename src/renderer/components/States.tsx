import { Alert, Badge, Button, Center, Loader, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { BatchFile } from '../../shared/contract/restoring.ts';
import type { JobState } from '../../shared/jobs.ts';

/** Shown instead of an empty list: what will be here and how to begin. */
export function Empty({
  icon,
  title,
  text,
  children,
}: {
  icon: ReactNode;
  title: string;
  text: string;
  children?: ReactNode;
}) {
  return (
    <Center flex={1} p="xl">
      <Stack align="center" gap="sm" maw={460}>
        {icon}
        <Text fw={600} size="lg" ta="center">
          {title}
        </Text>
        <Text c="dimmed" ta="center">
          {text}
        </Text>
        {children}
      </Stack>
    </Center>
  );
}

/** Shows a query as loading, as failed with a retry button, or its content. */
export function Loaded<Data>({
  query,
  children,
}: {
  query: { data: Data | undefined; error: Error | null; refetch: () => unknown };
  children: (data: Data) => ReactNode;
}) {
  const { t } = useTranslation();
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    return (
      <Center flex={1} p="xl">
        <Alert color="red" icon={<IconAlertTriangle />} title={t('error.title')} maw={560}>
          <Stack align="flex-start" gap="sm">
            <Text size="sm">{query.error.message}</Text>
            <Button size="xs" variant="default" onClick={() => void query.refetch()}>
              {t('error.again')}
            </Button>
          </Stack>
        </Alert>
      </Center>
    );
  }
  return (
    <Center flex={1} p="xl">
      <Loader role="status" aria-label={t('common.loading')} />
    </Center>
  );
}

const colours: Record<JobState | BatchFile['state'], string> = {
  queued: 'gray',
  waiting: 'gray',
  running: 'blue',
  paused: 'yellow',
  interrupted: 'orange',
  finished: 'green',
  done: 'green',
  cancelled: 'gray',
  skipped: 'gray',
  failed: 'red',
};

export function StateBadge({ state }: { state: JobState | BatchFile['state'] }) {
  const { t } = useTranslation();
  return (
    <Badge color={colours[state]} variant="dot" size="sm" tt="none" fw={500} miw="max-content">
      {t(`state.${state}`)}
    </Badge>
  );
}
