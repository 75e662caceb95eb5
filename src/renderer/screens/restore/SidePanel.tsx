import { Accordion, Box, ScrollArea, Stack } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isRawName } from '../../../shared/fileKinds.ts';
import { EffectSection } from './EffectSection.tsx';
import { ExportSection } from './ExportSection.tsx';
import { RawSection } from './RawSection.tsx';
import { useSelection } from './selection.tsx';
import { StartExport } from './StartExport.tsx';
import { TuningSection } from './TuningSection.tsx';

/** Effect, export settings and progress. */
export function SidePanel() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(['effect', 'raw', 'export']);
  const hasRaw = useSelection().selection.pictures.some(({ name }) => isRawName(name));
  const section = (value: string, title: string, content: ReactNode) => (
    <Accordion.Item value={value}>
      <Accordion.Control>{title}</Accordion.Control>
      <Accordion.Panel>{content}</Accordion.Panel>
    </Accordion.Item>
  );
  return (
    <Stack component="aside" aria-label={t('export.title')} gap={0} h="100%">
      <ScrollArea flex={1} type="auto">
        <Accordion
          multiple
          value={open}
          onChange={setOpen}
          order={2}
          chevronPosition="left"
          classNames={{
            item: 'section',
            control: 'section-control',
            chevron: 'section-chevron',
            label: 'section-label',
            content: 'section-content',
          }}
        >
          {section('effect', t('export.effect'), <EffectSection />)}
          {hasRaw && section('raw', t('raw.title'), <RawSection />)}
          {section('tuning', t('export.tuning'), <TuningSection />)}
          {section('export', t('export.title'), <ExportSection />)}
        </Accordion>
      </ScrollArea>
      <Box p="md" style={{ borderTop: '1px solid var(--line)' }}>
        <StartExport />
      </Box>
    </Stack>
  );
}
