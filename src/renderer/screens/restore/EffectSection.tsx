import { Anchor, Group, Slider, Stack, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { isActive } from '../../../shared/jobs.ts';
import { useCall } from '../../api/hooks.ts';
import { href } from '../../route.ts';
import { InTraining } from './InTraining.tsx';
import { ModelChain } from './ModelChain.tsx';
import { PresetMenu } from './PresetMenu.tsx';
import { useSelection } from './selection.tsx';

/** The models in their order, and the strength. */
export function EffectSection() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const models = useCall('models.list', {});
  const runs = useCall('runs.list', {});
  const { recipe, strength } = selection;
  const none = models.data?.length === 0;
  // A run becomes a model with its first validation. Shows its progress if it was chosen, or if there is no other
  // model.
  const inTraining = runs.data?.find(({ id, state }) => isActive(state) && (none || recipe.models.includes(id)));
  return (
    <Stack gap="md">
      <PresetMenu />
      {none && !inTraining && (
        <Text size="sm">
          {t('export.noModel')}{' '}
          <Anchor size="sm" underline="always" href={href('models')}>
            {t('export.toModels')}
          </Anchor>
        </Text>
      )}
      {!none && (!inTraining || inTraining.best) && (
        <ModelChain
          models={models.data ?? []}
          chain={recipe.models}
          onChange={(chain) => change({ recipe: { ...recipe, models: chain } })}
        />
      )}
      {inTraining && <InTraining run={inTraining} />}
      <div>
        <Group justify="space-between">
          <Text size="xs" fw={600}>
            {t('export.strength')}
          </Text>
          <Text size="sm" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {Math.round(strength * 100)} %
          </Text>
        </Group>
        <Slider
          size="sm"
          thumbLabel={t('export.strengthLabel')}
          min={0}
          max={100}
          label={null}
          value={Math.round(strength * 100)}
          onChange={(percent) => change({ strength: percent / 100 })}
        />
      </div>
      <Switch
        size="xs"
        label={t('export.automatic')}
        checked={selection.automatic}
        onChange={(event) => change({ automatic: event.currentTarget.checked })}
      />
    </Stack>
  );
}
