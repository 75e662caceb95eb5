import { Alert, Code, Group, Loader, ScrollArea, SegmentedControl, Select, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Check } from '../../../shared/contract/app.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Loaded } from '../../components/States.tsx';
import { languages, type Language } from '../../i18n/index.ts';

export function SettingsScreen() {
  const { t, i18n } = useTranslation();
  const settings = useCall('app.settings', {});
  const change = useAction('app.change', ['app.settings']);
  const info = useCall('app.info', {});
  const checks = useCall('app.check', {});
  return (
    <ScreenFrame title={t('nav.settings')} subtitle={info.data && t('settings.version', { version: info.data.version })}>
      <ScrollArea flex={1}>
        <Stack p="lg" gap="xl" maw={900}>
          {info.data?.notices.map((notice) => (
            <Alert key={notice} color="yellow">
              {notice}
            </Alert>
          ))}
          <SimpleGrid cols={2}>
            <div>
              <Text size="sm" fw={500} mb={4} id="theme-label">
                {t('settings.theme')}
              </Text>
              <SegmentedControl
                aria-labelledby="theme-label"
                data={(['dark', 'light'] as const).map((value) => ({ value, label: t(`settings.themes.${value}`) }))}
                value={settings.data?.theme ?? 'dark'}
                onChange={(theme) => change.mutate({ theme: theme })}
              />
            </div>
            <Select
              label={t('settings.language')}
              data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
              value={settings.data?.language ?? i18n.language}
              allowDeselect={false}
              onChange={(language) => language && change.mutate({ language: language as Language })}
            />
          </SimpleGrid>
          <section>
            <Title order={2} size="h5" mb="sm">
              {t('settings.health')}
            </Title>
            {checks.isPending ? (
              <Group gap="sm">
                <Loader size="xs" />
                <Text size="sm">{t('settings.checking')}</Text>
              </Group>
            ) : (
              <Loaded query={checks}>{(list) => <Checks checks={list} />}</Loaded>
            )}
          </section>
          <section>
            <Title order={2} size="h5" mb="sm">
              {t('settings.folders')}
            </Title>
            <Table>
              <Table.Tbody>
                {Object.entries(info.data?.folders ?? {}).map(([name, path]) => (
                  <Table.Tr key={name}>
                    <Table.Td w={160}>{t(`settings.folder.${name}`)}</Table.Td>
                    <Table.Td>
                      <Code>{path}</Code>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </section>
        </Stack>
      </ScrollArea>
    </ScreenFrame>
  );
}

const icons = {
  ok: <IconCircleCheck size={18} color="var(--mantine-color-green-6)" />,
  warning: <IconAlertTriangle size={18} color="var(--mantine-color-yellow-6)" />,
  missing: <IconCircleX size={18} color="var(--mantine-color-red-6)" />,
};

function Checks({ checks }: { checks: Check[] }) {
  const { t } = useTranslation();
  return (
    <Table>
      <Table.Tbody>
        {checks.map((check) => (
          <Table.Tr key={check.title}>
            <Table.Td w={160}>
              <Group gap="xs" wrap="nowrap">
                <span role="img" aria-label={t(`settings.state.${check.state}`)} style={{ lineHeight: 0 }}>
                  {icons[check.state]}
                </span>
                {check.title}
              </Group>
            </Table.Td>
            <Table.Td>
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {check.detail}
              </Text>
              {check.fix && <Code>{check.fix}</Code>}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
