import { Anchor, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { isActive } from '../../../shared/jobs.ts';
import { useCall } from '../../api/hooks.ts';
import { href } from '../../route.ts';
import { InTraining } from './InTraining.tsx';
import { ModelChain } from './ModelChain.tsx';
import { useSelection } from './selection.tsx';

/** The models in their order, by the names that experts know. */
export function ModelSection() {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const models = useCall('models.list', {});
  const runs = useCall('runs.list', {});
  const { recipe } = selection;
  const none = models.data?.length === 0;
  // A run becomes a model with its first validation. Shows its progress if it was chosen, or if there is no other
  // model.
  const inTraining = runs.data?.find(({ id, state }) => isActive(state) && (none || recipe.models.includes(id)));
  return (
    <Stack gap="md">
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
          onChange={(chain) => change({ recipe: { ...recipe, models: chain }, wanted: [] })}
        />
      )}
      {inTraining && <InTraining run={inTraining} />}
    </Stack>
  );
}
