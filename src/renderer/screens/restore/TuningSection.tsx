import { Anchor, Group, Stack, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import type { Recipe } from './recipe.ts';
import { useSelection } from './selection.tsx';

/** Settings that most pictures do not need: self-ensemble, luminance only and mask. */
export function TuningSection() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const { recipe, mask } = selection;
  const set = (changed: Partial<Recipe>): void => change({ recipe: { ...recipe, ...changed } });
  return (
    <Stack gap="md">
      <Switch
        size="xs"
        label={t('export.ensemble')}
        description={t('export.ensembleHint')}
        checked={recipe.ensemble}
        onChange={(event) => set({ ensemble: event.currentTarget.checked })}
      />
      <Switch
        size="xs"
        label={t('export.luminance')}
        description={t('export.luminanceHint')}
        checked={recipe.luminance}
        onChange={(event) => set({ luminance: event.currentTarget.checked })}
      />
      <div>
        <Text size="xs" fw={600}>
          {t('export.mask')}
        </Text>
        <Text size="xs" c="dimmed" mb={4}>
          {t('export.maskHint')}
        </Text>
        <Group gap="xs" wrap="nowrap" justify="space-between">
          <Text size="xs" c="dimmed" truncate title={mask?.path}>
            {mask?.name ?? t('export.noMask')}
          </Text>
          <Group gap="xs" wrap="nowrap">
            {mask && (
              <Anchor component="button" size="xs" onClick={() => change({ mask: undefined })}>
                {t('export.removeMask')}
              </Anchor>
            )}
            <ChoosePlace
              wanted="pictures"
              label={t('export.chooseMask')}
              title={t('export.mask')}
              onChoose={([place]) => change({ mask: place?.kind === 'file' ? place : undefined })}
            />
          </Group>
        </Group>
      </div>
    </Stack>
  );
}
