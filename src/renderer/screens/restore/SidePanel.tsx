import { Accordion, Box, ScrollArea, Stack } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isRawName } from '../../../shared/fileKinds.ts';
import { useCall } from '../../api/hooks.ts';
import { ExportSection } from './ExportSection.tsx';
import { FaultSection } from './FaultSection.tsx';
import { ModelSection } from './ModelSection.tsx';
import { RawSection } from './RawSection.tsx';
import { useSelection } from './selection.tsx';
import { StartExport } from './StartExport.tsx';
import { hasExpertModels } from './treatment.ts';
import { TuningSection } from './TuningSection.tsx';

/** What is wrong and what is done about it, the settings for experts, and the export. */
export function SidePanel() {
  const { t } = useTranslation();
  const { pictures, recipe } = useSelection().selection;
  const hasRaw = pictures.some(({ name }) => isRawName(name));
  const remedies = useCall('remedies.list', {}).data;
  const [chosen, setOpen] = useState<string[]>();
  // Users who came with a model of their own see it by its name.
  const expert = remedies !== undefined && hasExpertModels(remedies, recipe.models);
  const open = chosen ?? ['faults', 'raw', ...(expert ? ['models'] : [])];
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
          {section('faults', t('fault.question'), <FaultSection />)}
          {section('models', t('export.models'), <ModelSection />)}
          {hasRaw && section('raw', t('raw.title'), <RawSection />)}
          {section('tuning', t('export.tuning'), <TuningSection />)}
          {section('export', t('export.settings'), <ExportSection />)}
        </Accordion>
      </ScrollArea>
      <Box p="md" style={{ borderTop: '1px solid var(--line)' }}>
        <StartExport />
      </Box>
    </Stack>
  );
}
