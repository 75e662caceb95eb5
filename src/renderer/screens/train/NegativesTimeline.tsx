import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { McirConfig } from '../../../shared/runConfig.ts';
import { Curves, type Line } from '../../components/Curves.tsx';

/** Number of points along the run at which ages are drawn. */
const points = 400;

/**
 * How many steps each older copy is behind the network, over the run. An update with decay d keeps the share d of the
 * copy: age' = d * age, where age has grown by the steps since the last update.
 */
export function NegativesTimeline({ negatives, steps }: { negatives: McirConfig['negatives']; steps: number }) {
  const { t } = useTranslation();
  const shown = Math.min(steps, 5 * Math.max(...negatives.map(({ every }) => every)));
  const lines = useMemo<Line[]>(
    () =>
      negatives.map((negative, index) => ({ label: t('train.copy', { number: index + 1 }), ...ages(negative, shown) })),
    [negatives, shown, t],
  );
  const late = negatives.filter(({ every }) => every > steps).length;
  return (
    <div>
      <Text size="xs" c="dimmed">
        {shown < steps ? t('train.timelinePart', { shown }) : t('train.timeline')}
      </Text>
      <Curves lines={lines} label={t('train.timeline')} height={150} />
      {late > 0 && (
        <Text size="xs" c="yellow">
          {t('train.neverUpdated', { count: late })}
        </Text>
      )}
    </div>
  );
}

function ages({ every, decay }: McirConfig['negatives'][number], steps: number): { steps: number[]; values: number[] } {
  const stride = Math.max(1, Math.floor(steps / points));
  const line = { steps: [] as number[], values: [] as number[] };
  let age = 0;
  for (let step = 0; step <= steps; step++) {
    if (step > 0) age += 1;
    const updates = step > 0 && step % every === 0;
    // Both ends of a drop are drawn; otherwise it would look like a slope.
    if (step % stride === 0 || updates) {
      line.steps.push(step);
      line.values.push(age);
    }
    if (updates) age *= decay;
  }
  return line;
}
