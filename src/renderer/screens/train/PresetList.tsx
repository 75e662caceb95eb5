import { Badge, Card, Group, ScrollArea, SimpleGrid, Stack, Text, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Preset } from '../../../shared/contract/training.ts';

export function PresetList({ presets, onChoose }: { presets: Preset[]; onChoose: (preset: Preset) => void }) {
  const { t } = useTranslation();
  return (
    <ScrollArea flex={1}>
      <SimpleGrid cols={{ base: 2, xl: 3 }} p="lg" spacing="md">
        {presets.map((preset) => (
          <UnstyledButton key={preset.id} onClick={() => onChoose(preset)} style={{ height: '100%' }}>
            <Card className="panel" withBorder h="100%">
              <Stack gap="xs">
                <Text fw={600}>{preset.title}</Text>
                <Text size="sm" c="dimmed">
                  {preset.description}
                </Text>
                <Group gap="xs">
                  <Badge variant="default" tt="none">
                    {preset.config.network.type}
                  </Badge>
                  <Badge variant="default" tt="none">
                    {t('train.stepCount', { count: preset.config.steps })}
                  </Badge>
                  <Badge variant="default" tt="none">
                    {preset.config.mcir ? t('train.withNegatives', { count: preset.config.mcir.negatives.length }) : t('train.withoutMcir')}
                  </Badge>
                </Group>
              </Stack>
            </Card>
          </UnstyledButton>
        ))}
      </SimpleGrid>
    </ScrollArea>
  );
}
