import { ActionIcon, Button, Group, Menu, Popover, Select, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDeviceFloppy, IconDots } from '@tabler/icons-react';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Fault } from '../../../shared/faults.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { recipeKey } from './recipe.ts';
import { useSelection } from './selection.tsx';
import { readyPresets } from './treatment.ts';

/** Ready sets of remedies, and saved chains of models with their settings. */
export function PresetMenu({ treatOnly }: { treatOnly: (faults: readonly Fault[]) => void }) {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const presets = useCall('restore.presets', {});
  const save = useAction('restore.savePreset', ['restore.presets']);
  const remove = useAction('restore.removePreset', ['restore.presets']);
  const [naming, { open, close }] = useDisclosure(false);
  const [name, setName] = useState('');
  const { recipe, strength } = selection;
  const known = presets.data ?? [];
  // The preset that equals the current settings. After any change no preset is selected.
  const chosen = known.find(
    ({ models, effect }) =>
      effect.strength === strength &&
      recipeKey({ models, ensemble: effect.ensemble, luminance: effect.luminance }) === recipeKey(recipe),
  );

  const apply = (wanted: string | null): void => {
    const ready = readyPresets.find(({ id }) => readyValue(id) === wanted);
    if (ready) return treatOnly(ready.faults);
    const preset = known.find((candidate) => candidate.name === wanted);
    if (!preset) return;
    const { ensemble, luminance } = preset.effect;
    change({
      recipe: { models: preset.models, ensemble, luminance },
      wanted: [],
      strength: preset.effect.strength,
      active: 0,
    });
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    save.mutate(
      { name, models: recipe.models, effect: { strength, ensemble: recipe.ensemble, luminance: recipe.luminance } },
      { onSuccess: close },
    );
  };

  return (
    <Group gap={4} wrap="nowrap" align="flex-end">
      <Select
        flex={1}
        size="xs"
        label={t('preset.title')}
        placeholder={t('preset.choose')}
        data={[
          {
            group: t('preset.ready'),
            items: readyPresets.map(({ id }) => ({ value: readyValue(id), label: t(`ready.${id}`) })),
          },
          ...(known.length > 0
            ? [{ group: t('preset.own'), items: known.map(({ name: title }) => ({ value: title, label: title })) }]
            : []),
        ]}
        value={chosen?.name ?? null}
        onChange={apply}
      />
      <Popover opened={naming} onClose={close} position="bottom-end" trapFocus width={280} shadow="md">
        <Popover.Target>
          <ActionIcon
            size={30}
            variant="default"
            aria-label={t('preset.save')}
            title={t('preset.save')}
            disabled={recipe.models.length === 0}
            onClick={() => {
              setName(chosen?.name ?? '');
              open();
            }}
          >
            <IconDeviceFloppy size={16} stroke={1.5} />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown>
          <form onSubmit={submit}>
            <Stack gap="sm">
              <TextInput
                size="xs"
                label={t('preset.name')}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                data-autofocus
              />
              <Group justify="flex-end" gap="xs">
                <Button size="xs" variant="default" onClick={close}>
                  {t('common.cancel')}
                </Button>
                <Button size="xs" type="submit" loading={save.isPending} disabled={name.trim() === ''}>
                  {t(known.some((preset) => preset.name === name.trim()) ? 'preset.replace' : 'common.save')}
                </Button>
              </Group>
            </Stack>
          </form>
        </Popover.Dropdown>
      </Popover>
      {chosen && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={30} variant="default" aria-label={t('preset.more')}>
              <IconDots size={16} stroke={1.5} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item color="red" onClick={() => remove.mutate({ name: chosen.name })}>
              {t('preset.remove', { name: chosen.name })}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}

/** A prefix that no saved preset can have, because its name is a file name without slashes. */
const readyValue = (id: string): string => `ready/${id}`;
