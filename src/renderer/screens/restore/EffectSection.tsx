import { Anchor, Group, Slider, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCall } from '../../api/hooks.ts';
import { href } from '../../route.ts';
import { ModelChain } from './ModelChain.tsx';
import { PresetMenu } from './PresetMenu.tsx';
import { useSelection } from './selection.tsx';

/** Which models in which order, and how strongly. */
export function EffectSection() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const models = useCall('models.list', {});
  const { recipe, strength } = selection;
  return (
    <Stack gap="md">
      <PresetMenu />
      {models.data?.length === 0 ? (
        <Text size="sm">
          {t('export.noModel')}{' '}
          <Anchor size="sm" href={href('models')}>
            {t('export.toModels')}
          </Anchor>
        </Text>
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
    </Stack>
  );
}
