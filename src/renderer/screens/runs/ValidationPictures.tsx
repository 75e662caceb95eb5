import { Group, Paper, Select, Slider, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ShownPicture } from '../../../shared/contract/training.ts';
import { pictureUrl } from '../../api/client.ts';

/** Input, result and target of one validation picture; the slider goes through the validations. */
export function ValidationPictures({ pictures }: { pictures: ShownPicture[] }) {
  const { t } = useTranslation();
  const names = [...new Set(pictures.map(({ name }) => name))];
  const steps = [...new Set(pictures.map(({ step }) => step))].sort((a, b) => a - b);
  const [chosenName, setName] = useState<string>();
  const [chosenIndex, setIndex] = useState<number>();
  const name = chosenName ?? names[0];
  const index = Math.min(chosenIndex ?? steps.length - 1, steps.length - 1);
  const picture = pictures.find((candidate) => candidate.name === name && candidate.step === steps[index]);
  if (!picture) return null;

  return (
    <Paper withBorder p="sm" className="panel">
      <Stack gap="sm">
        <Group gap="lg" wrap="nowrap">
          <Select size="xs" w={220} aria-label={t('runs.picture')} data={names} value={name ?? null} allowDeselect={false} onChange={(value) => setName(value ?? undefined)} />
          <Slider flex={1} thumbLabel={t('runs.validationStep')} min={0} max={Math.max(1, steps.length - 1)} value={index} label={(at) => steps[at]} onChange={setIndex} disabled={steps.length < 2} />
          <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
            {t('runs.pictureResult', { step: picture.step, psnr: picture.psnr.toFixed(2), ssim: picture.ssim.toFixed(4) })}
          </Text>
        </Group>
        <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr 1fr', gap: 4 }}>
          {(['input', 'restored', 'target'] as const).map((side) => (
            <figure key={side} style={{ margin: 0 }}>
              <img src={pictureUrl(picture[side])} alt={`${t(`runs.side.${side}`)}: ${picture.name}`} style={{ display: 'block', width: '100%', background: 'var(--stage)' }} />
              <figcaption className="caption">{t(`runs.side.${side}`)}</figcaption>
            </figure>
          ))}
        </div>
      </Stack>
    </Paper>
  );
}
