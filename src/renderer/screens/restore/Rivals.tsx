import { ActionIcon, Button, Group, Menu, UnstyledButton } from '@mantine/core';
import { titleOf } from '../../components/titleOf.ts';
import { useTold } from '../../i18n/told.ts';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ModelEntry } from '../../../shared/contract/models.ts';
import { useCall } from '../../api/hooks.ts';
import { recipeKey, recipeTitle, type Recipe } from './recipe.ts';
import { useSelection } from './selection.tsx';

/** The recipes that are compared on one picture: which one is shown, others to add, and which one to export with. */
export function Rivals({
  recipes,
  active,
  models,
}: {
  recipes: readonly Recipe[];
  active: number;
  models: readonly ModelEntry[];
}) {
  const { t } = useTranslation();
  const told = useTold();
  const { selection, change } = useSelection();
  const presets = useCall('restore.presets', {});
  const { recipe, rivals } = selection;
  const known = new Set(recipes.map(recipeKey));
  const candidates = [
    ...models.map((model) => ({ title: titleOf(model, told), recipe: { ...recipe, models: [model.id] } })),
    ...(presets.data ?? []).map(({ name, models: chain, effect }) => ({
      title: name,
      recipe: { models: chain, ensemble: effect.ensemble, luminance: effect.luminance },
    })),
  ].filter((candidate) => !known.has(recipeKey(candidate.recipe)));
  if (recipe.models.length === 0 || (candidates.length === 0 && rivals.length === 0)) return null;

  const add = (rival: Recipe): void =>
    change({
      rivals: [...rivals, rival],
      active: rivals.length + 1,
      ...(rivals.length === 0 ? { layout: 'all' as const } : {}),
    });
  const drop = (index: number): void => change({ rivals: rivals.filter((_, at) => at !== index), active: 0 });
  const choose = (index: number): void => {
    const chosen = rivals[index];
    if (chosen)
      change({ recipe: chosen, rivals: rivals.map((rival, at) => (at === index ? recipe : rival)), active: 0 });
  };

  return (
    <Group
      px="md"
      py={6}
      gap={6}
      role="group"
      aria-label={t('restore.compareModels')}
      style={{ borderTop: '1px solid var(--line)' }}
    >
      {rivals.length > 0 &&
        recipes.map((candidate, index) => (
          <Group key={recipeKey(candidate)} gap={0} wrap="nowrap" className="chip" data-active={index === active}>
            <UnstyledButton
              className="chip-title"
              aria-pressed={index === active}
              onClick={() => change({ active: index })}
              onDoubleClick={() => index > 0 && choose(index - 1)}
            >
              {recipeTitle(candidate, models)}
            </UnstyledButton>
            {index > 0 && (
              <ActionIcon
                size={20}
                variant="transparent"
                color="gray"
                aria-label={t('restore.dropRival', { title: recipeTitle(candidate, models) })}
                onClick={() => drop(index - 1)}
              >
                <IconX size={12} />
              </ActionIcon>
            )}
          </Group>
        ))}
      {active > 0 && (
        <Button size="compact-xs" variant="light" onClick={() => choose(active - 1)}>
          {t('restore.useRival')}
        </Button>
      )}
      {candidates.length > 0 && (
        <Menu position="top-start">
          <Menu.Target>
            <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconPlus size={12} />}>
              {t('restore.addRival')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
            {candidates.map((candidate) => (
              <Menu.Item key={recipeKey(candidate.recipe)} onClick={() => add(candidate.recipe)}>
                {candidate.title}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}
