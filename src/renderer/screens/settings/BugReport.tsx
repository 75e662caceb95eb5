import { Button, Code, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks.ts';

/** Writes the zip for a bug report and shows where it is. */
export function BugReport() {
  const { t } = useTranslation();
  const report = useAction('app.report');
  const reveal = useAction('app.reveal');
  const written = report.data;
  return (
    <div>
      <Group gap="sm">
        <Button size="xs" variant="default" loading={report.isPending} onClick={() => report.mutate({})}>
          {t('settings.report')}
        </Button>
        <Text size="xs" c="dimmed" flex={1} miw={240}>
          {t('settings.reportText')}
        </Text>
      </Group>
      {written && (
        <Group gap="sm" mt="xs" role="status">
          <Code>{written.path}</Code>
          <Button size="compact-xs" variant="subtle" onClick={() => reveal.mutate({ place: written.id })}>
            {t('settings.show')}
          </Button>
        </Group>
      )}
    </div>
  );
}
