import { Group, Slider, Stack, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { isActive } from '../../../shared/jobs.ts';
import { useCall } from '../../api/hooks.ts';
import { ModelChain } from './ModelChain.tsx';
import { NoModelYet } from './NoModelYet.tsx';
import { PresetMenu } from './PresetMenu.tsx';
import { useSelection } from './selection.tsx';

/** Which models in which order, and how strongly. */
export function EffectSection() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const models = useCall('models.list', {});
  const runs = useCall('runs.list', {});
  const { recipe, strength } = selection;
  // A run that has not been measured yet is no model; it is waited for where it was chosen, or where there is no other.
  const awaited = runs.data?.find(({ id, best, state }) => best === undefined && isActive(state) && (recipe.models.includes(id) || models.data?.length === 0));
  return (
    <Stack gap="md">
      <PresetMenu />
      {models.data && (models.data.length === 0 || awaited) ? (
        <NoModelYet awaited={awaited} />
      ) : (
        <ModelChain models={models.data ?? []} chain={recipe.models} onChange={(chain) => change({ recipe: { ...recipe, models: chain } })} />
      )}
      <div>
        <Group justify="space-between">
          <Text size="sm" fw={500}>
            {t('export.strength')}
          </Text>
          <Text size="sm" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {Math.round(strength * 100)} %
          </Text>
        </Group>
        <Slider size="sm" thumbLabel={t('export.strengthLabel')} min={0} max={100} label={null} value={Math.round(strength * 100)} onChange={(percent) => change({ strength: percent / 100 })} />
      </div>
      <Switch size="xs" label={t('export.automatic')} checked={selection.automatic} onChange={(event) => change({ automatic: event.currentTarget.checked })} />
    </Stack>
  );
}
