import { AppShell, Group, Kbd, NavLink, Stack, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from './api/hooks.ts';
import { useLiveUpdates } from './api/liveUpdates.ts';
import { ShortcutHelp } from './components/ShortcutHelp.tsx';
import { useKeys } from './components/useKeys.ts';
import { ConnectionLost } from './frame/ConnectionLost.tsx';
import { Interrupted } from './frame/Interrupted.tsx';
import { JobsInSight } from './frame/JobsInSight.tsx';
import { ScreenBoundary } from './frame/ScreenBoundary.tsx';
import { useShellCommands } from './frame/useShellCommands.ts';
import { Welcome } from './frame/Welcome.tsx';
import { go, href, useRoute } from './route.ts';
import { screens } from './screens/routes.tsx';
import { SelectionProvider } from './screens/restore/selection.tsx';

/** The frame of the window: navigation on the left, the current screen beside it, and the list of keys on `?`. */
export function App() {
  const { t } = useTranslation();
  const route = useRoute();
  const [help, { toggle, close }] = useDisclosure(false);
  const current = screens.find((screen) => screen.id === route.screen) ?? screens[0];
  useChosenAppearance();
  useLiveUpdates();
  useKeys([
    ['shift+?', toggle],
    ['?', toggle],
    ...screens.map((screen, index) => [`${index + 1}`, () => go(screen.id)] as [string, () => void]),
  ]);

  return (
    <SelectionProvider>
      <AppShell navbar={{ width: 196, breakpoint: 0 }} padding={0}>
        <AppShell.Navbar className="panel" p="xs" component="nav" aria-label={t('nav.title')}>
          <Stack gap={2} h="100%">
            <Text fw={600} px="sm" py="xs" size="md">
              MCIR Studio
            </Text>
            {screens.map(({ id, icon: Icon }) => (
              <NavLink
                key={id}
                href={href(id)}
                label={t(`nav.${id}`)}
                leftSection={<Icon size={18} stroke={1.5} />}
                active={current?.id === id}
                color="gray"
                aria-current={current?.id === id ? 'page' : undefined}
              />
            ))}
            <Stack mt="auto" gap={2}>
              <JobsInSight />
              <UnstyledButton p="sm" onClick={toggle}>
                <Group gap="xs">
                  <Kbd>?</Kbd>
                  <Text size="xs" c="dimmed">
                    {t('nav.shortcuts')}
                  </Text>
                </Group>
              </UnstyledButton>
            </Stack>
          </Stack>
        </AppShell.Navbar>
        <AppShell.Main h="100dvh" className="frame">
          <ConnectionLost />
          <Interrupted />
          <div className="screen">
            <ScreenBoundary key={current?.id}>{current && <current.component />}</ScreenBoundary>
          </div>
          <Welcome />
          <ShellCommands onHelp={toggle} />
        </AppShell.Main>
        <ShortcutHelp opened={help} onClose={close} />
      </AppShell>
    </SelectionProvider>
  );
}

function ShellCommands({ onHelp }: { onHelp: () => void }) {
  useShellCommands(onHelp);
  return null;
}

function useChosenAppearance(): void {
  const { data } = useCall('app.settings', {});
  const { setColorScheme } = useMantineColorScheme();
  const { i18n } = useTranslation();
  const theme = data?.theme;
  const language = data?.language;
  useEffect(() => {
    if (theme) setColorScheme(theme === 'system' ? 'auto' : theme);
  }, [theme, setColorScheme]);
  useEffect(() => {
    if (language) void i18n.changeLanguage(language);
  }, [language, i18n]);
}
