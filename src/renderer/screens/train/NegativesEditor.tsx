import { ActionIcon, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { McirConfig } from '../../../shared/runConfig.ts';
import { lineColour } from '../../components/Curves.tsx';
import { Amount, Count } from './fields.tsx';
import { NegativesTimeline } from './NegativesTimeline.tsx';

const most = 16;
type Negative = McirConfig['negatives'][number];

/** The older copies, one row each, next to the timeline of their ages. */
export function NegativesEditor({
  mcir,
  steps,
  onChange,
}: {
  mcir: McirConfig;
  steps: number;
  onChange: (mcir: McirConfig) => void;
}) {
  const { t } = useTranslation();
  const { negatives, rule, adaptive } = mcir;
  const byClock = rule === 'interval';
  const replace = (index: number, changed: Partial<Negative>) =>
    onChange({ ...mcir, negatives: negatives.map((old, at) => (at === index ? { ...old, ...changed } : old)) });
  const add = () =>
    onChange({
      ...mcir,
      negatives: [...negatives, { every: Math.max(1, Math.round((negatives.at(-1)?.every ?? 2000) / 2)), decay: 0.1 }],
    });

  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        <Select
          size="xs"
          w={230}
          label={t('train.rule')}
          data={(['interval', 'adaptive'] as const).map((value) => ({ value, label: t(`train.rules.${value}`) }))}
          value={rule}
          allowDeselect={false}
          onChange={(next) => next && onChange({ ...mcir, rule: next })}
        />
        {typeof mcir.weight === 'number' ? (
          <Amount
            size="xs"
            w={150}
            label={t('train.weight')}
            value={mcir.weight}
            step={0.0005}
            onChange={(weight) => onChange({ ...mcir, weight })}
          />
        ) : (
          <TextInput size="xs" w={150} label={t('train.weight')} value={mcir.weight} readOnly />
        )}
        <Amount
          size="xs"
          w={190}
          label={t('train.startShare')}
          value={mcir.start}
          max={1}
          step={0.05}
          onChange={(start) => onChange({ ...mcir, start })}
        />
        {!byClock && (
          <Amount
            size="xs"
            w={150}
            label={t('train.threshold')}
            value={adaptive.threshold}
            above={0}
            step={0.001}
            onChange={(threshold) => onChange({ ...mcir, adaptive: { ...adaptive, threshold } })}
          />
        )}
        {!byClock && (
          <Amount
            size="xs"
            w={150}
            label={t('train.decay')}
            value={adaptive.decay}
            max={1}
            step={0.01}
            onChange={(decay) => onChange({ ...mcir, adaptive: { ...adaptive, decay } })}
          />
        )}
      </Group>
      {byClock ? (
        <>
          <NegativesTimeline negatives={negatives} steps={steps} />
          {negatives.map((negative, index) => (
            <Group key={index} gap="sm" align="flex-end" wrap="nowrap">
              <Text size="sm" w={90} pb={6} style={{ borderLeft: `4px solid ${lineColour(index)}`, paddingLeft: 8 }}>
                {t('train.copy', { number: index + 1 })}
              </Text>
              <Count
                size="xs"
                label={t('train.every')}
                value={negative.every}
                onChange={(every) => replace(index, { every })}
              />
              <Amount
                size="xs"
                label={t('train.decay')}
                value={negative.decay}
                max={1}
                step={0.05}
                onChange={(decay) => replace(index, { decay })}
              />
              <RemoveCopy
                number={index + 1}
                disabled={negatives.length === 1}
                onClick={() => onChange({ ...mcir, negatives: negatives.filter((_, at) => at !== index) })}
              />
            </Group>
          ))}
        </>
      ) : (
        <Text size="sm" c="dimmed">
          {t('train.adaptiveText', { count: negatives.length })}
        </Text>
      )}
      <Group gap="xs">
        <Button size="xs" variant="default" disabled={negatives.length >= most} onClick={add}>
          {t('train.addCopy')}
        </Button>
        {!byClock && (
          <RemoveCopy
            number={negatives.length}
            disabled={negatives.length === 1}
            onClick={() => onChange({ ...mcir, negatives: negatives.slice(0, -1) })}
          />
        )}
      </Group>
    </Stack>
  );
}

function RemoveCopy({ number, disabled, onClick }: { number: number; disabled: boolean; onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      mb={4}
      aria-label={t('train.removeCopy', { number })}
      disabled={disabled}
      onClick={onClick}
    >
      <IconX size={16} />
    </ActionIcon>
  );
}
