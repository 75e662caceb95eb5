import { Alert, ScrollArea, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from '../../api/hooks.ts';
import { FeatureNetworks } from '../../components/FeatureNetworks.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { useTold } from '../../i18n/told.ts';
import { About } from './About.tsx';
import { Appearance } from './Appearance.tsx';
import { Computing } from './Computing.tsx';
import { Folders } from './Folders.tsx';
import { Health } from './Health.tsx';
import { Log } from './Log.tsx';
import { OtherMachines } from './OtherMachines.tsx';

/** Settings for the whole program, its health, and information about it. */
export function SettingsScreen() {
  const { t } = useTranslation();
  const told = useTold();
  const info = useCall('app.info', {});
  return (
    <ScreenFrame
      title={t('nav.settings')}
      subtitle={info.data && t('settings.version', { version: info.data.version })}
    >
      <ScrollArea flex={1}>
        <Stack p="lg" gap="xl" maw={920}>
          {info.data?.notices.map((notice) => (
            <Alert key={notice} color="yellow">
              {told(notice)}
            </Alert>
          ))}
          <Section title={t('settings.appearance')}>
            <Appearance />
          </Section>
          <Section title={t('settings.computing')}>
            <Computing cores={info.data?.cores} />
          </Section>
          <Section title={t('machines.section')}>
            <OtherMachines />
          </Section>
          <Section title={t('features.title')}>
            <FeatureNetworks />
          </Section>
          <Section title={t('settings.health')}>
            <Health />
          </Section>
          <Section title={t('settings.folders')}>
            <Folders info={info.data} />
          </Section>
          <Section title={t('settings.log')}>
            <Log />
          </Section>
          <Section title={t('settings.about')}>
            <About />
          </Section>
        </Stack>
      </ScrollArea>
    </ScreenFrame>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </section>
  );
}
