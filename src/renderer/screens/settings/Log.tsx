import { Button, Group, ScrollArea, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../../api/hooks.ts';

/** The last lines of the program's log, loaded on demand. */
export function Log() {
  const { t } = useTranslation();
  const [opened, { toggle }] = useDisclosure(false);
  const reveal = useAction('app.reveal');
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Button size="xs" variant="default" aria-expanded={opened} onClick={toggle}>
          {opened ? t('settings.hideLog') : t('settings.showLog')}
        </Button>
        <Button size="xs" variant="default" onClick={() => reveal.mutate({ folder: 'logs' })}>
          {t('settings.logFolder')}
        </Button>
      </Group>
      {opened && <Lines />}
    </Stack>
  );
}

function Lines() {
  const { t } = useTranslation();
  const { data: lines } = useCall('app.log', {}, { staleTime: 0 });
  const viewport = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (viewport.current) viewport.current.scrollTop = viewport.current.scrollHeight;
  }, [lines]);
  if (lines?.length === 0) return <Text size="sm">{t('settings.noLog')}</Text>;
  return (
    <ScrollArea
      h={260}
      viewportRef={viewport}
      viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': t('settings.log') }}
      style={{ border: '1px solid var(--line)' }}
    >
      <pre className="log">{lines?.join('\n')}</pre>
    </ScrollArea>
  );
}
