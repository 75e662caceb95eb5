import { Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DegradationStep } from '../../../shared/runConfig.ts';
import { pictureUrl } from '../../api/client.ts';
import { useCall } from '../../api/hooks.ts';
import { Loaded } from '../../components/States.tsx';

/** A few training patches as a training would see them, made again whenever the degradations change. */
export function PatchPreview({ dataset, degradations }: { dataset: string; degradations: DegradationStep[] }) {
  const { t } = useTranslation();
  const [settled] = useDebouncedValue(degradations, 400);
  const [seed, setSeed] = useState(0);
  const patches = useCall('datasets.preview', { dataset, degradations: settled, count: 4, seed });
  return (
    <Stack flex={1} gap="sm">
      <Group justify="space-between">
        <Text fw={600}>{t('datasets.patches')}</Text>
        <Button size="compact-xs" variant="default" onClick={() => setSeed(seed + 1)}>
          {t('datasets.others')}
        </Button>
      </Group>
      <Loaded query={patches}>
        {(pairs) => (
          <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
            {pairs.map((pair) => (
              <figure key={pair.input} style={{ margin: 0 }}>
                <SimpleGrid cols={2} spacing={2}>
                  {(
                    [
                      ['input', pair.input],
                      ['target', pair.target],
                    ] as const
                  ).map(([side, id]) => (
                    <img
                      key={side}
                      src={pictureUrl(id)}
                      alt={`${t(`datasets.${side}Patch`)}: ${pair.name}`}
                      className="patch"
                    />
                  ))}
                </SimpleGrid>
                <figcaption className="caption">{pair.name}</figcaption>
              </figure>
            ))}
          </SimpleGrid>
        )}
      </Loaded>
    </Stack>
  );
}
