import { ActionIcon, Button, Group, NumberInput, Stack, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { McirConfig } from '../../../shared/runConfig.ts';
import { lineColour } from '../../components/Curves.tsx';
import { NegativesTimeline } from './NegativesTimeline.tsx';

const most = 16;

/** The older copies, one row each, and their ages drawn over the run. */
export function NegativesEditor({ mcir, steps, onChange }: { mcir: McirConfig; steps: number; onChange: (mcir: McirConfig) => void }) {
  const { t } = useTranslation();
  const { negatives } = mcir;
  const replace = (index: number, changed: Partial<McirConfig['negatives'][number]>) => onChange({ ...mcir, negatives: negatives.map((old, at) => (at === index ? { ...old, ...changed } : old)) });

  return (
    <Stack gap="sm" mt="md">
      <Text size="xs" c="dimmed">
        {t('train.timeline')}
      </Text>
      <NegativesTimeline negatives={negatives} steps={steps} />
      {negatives.map((negative, index) => (
        <Group key={index} gap="sm" align="flex-end" wrap="nowrap">
          <Text size="sm" w={90} pb={6} style={{ borderLeft: `4px solid ${lineColour(index)}`, paddingLeft: 8 }}>
            {t('train.copy', { number: index + 1 })}
          </Text>
          <NumberInput size="xs" label={t('train.every')} value={negative.every} min={1} allowDecimal={false} onChange={(every) => typeof every === 'number' && every >= 1 && replace(index, { every })} />
          <NumberInput size="xs" label={t('train.decay')} value={negative.decay} min={0} max={1} step={0.05} onChange={(decay) => typeof decay === 'number' && replace(index, { decay })} />
          <ActionIcon variant="subtle" color="gray" mb={4} aria-label={t('train.removeCopy', { number: index + 1 })} disabled={negatives.length === 1} onClick={() => onChange({ ...mcir, negatives: negatives.filter((_, at) => at !== index) })}>
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group align="flex-end">
        <Button size="xs" variant="default" disabled={negatives.length >= most} onClick={() => onChange({ ...mcir, negatives: [...negatives, { every: Math.max(1, Math.round((negatives.at(-1)?.every ?? 2000) / 2)), decay: 0.1 }] })}>
          {t('train.addCopy')}
        </Button>
        <NumberInput size="xs" label={t('train.weight')} value={mcir.weight} min={0} step={0.0005} decimalScale={6} onChange={(weight) => typeof weight === 'number' && onChange({ ...mcir, weight })} />
      </Group>
    </Stack>
  );
}
