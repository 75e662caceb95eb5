import { ActionIcon, Button, Group, Select, Stack, Text } from '@mantine/core';
import { titleOf } from '../../components/titleOf.ts';
import { useTold } from '../../i18n/told.ts';
import { IconArrowUp, IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelEntry } from '../../../shared/contract/models.ts';

/** The same limit as in the contract. */
const longestChain = 8;

/** The models, applied one after the other. */
export function ModelChain({
  models,
  chain,
  onChange,
}: {
  models: readonly ModelEntry[];
  chain: readonly string[];
  onChange: (chain: string[]) => void;
}) {
  const { t } = useTranslation();
  const told = useTold();
  const [adding, setAdding] = useState(false);
  const data = models.map((model) => ({
    value: model.id,
    label: model.scale > 1 ? `${titleOf(model, told)} (× ${model.scale})` : titleOf(model, told),
  }));
  // A removed model that a preset still names is shown, so that the user can replace it.
  const withGone = (id: string) =>
    data.some(({ value }) => value === id)
      ? data
      : [...data, { value: id, label: t('export.goneModel', { model: id }) }];
  const replaced = (at: number, id: string): string[] => chain.map((old, index) => (index === at ? id : old));
  const raised = (at: number): string[] => chain.toSpliced(at, 1).toSpliced(at - 1, 0, ...chain.slice(at, at + 1));
  const scale = chain.reduce((product, id) => product * (models.find((model) => model.id === id)?.scale ?? 1), 1);

  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text size="xs" fw={600}>
          {t('export.models')}
        </Text>
        {scale > 1 && (
          <Text size="sm" c="dimmed">
            × {scale}
          </Text>
        )}
      </Group>
      {chain.map((id, index) => (
        <Group key={`${index} ${id}`} gap={4} wrap="nowrap">
          <Select
            flex={1}
            size="xs"
            searchable
            aria-label={t('export.modelAt', { number: index + 1 })}
            data={withGone(id)}
            value={id}
            allowDeselect={false}
            onChange={(value) => value && onChange(replaced(index, value))}
          />
          {index > 0 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('export.raise', { number: index + 1 })}
              onClick={() => onChange(raised(index))}
            >
              <IconArrowUp size={14} />
            </ActionIcon>
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('export.drop', { number: index + 1 })}
            onClick={() => onChange(chain.filter((_, at) => at !== index))}
          >
            <IconX size={14} />
          </ActionIcon>
        </Group>
      ))}
      {chain.length === 0 || adding ? (
        <Select
          size="xs"
          searchable
          aria-label={t(chain.length === 0 ? 'export.model' : 'export.nextModel')}
          placeholder={t('export.chooseModel')}
          data={data}
          value={null}
          autoFocus={adding}
          onBlur={() => setAdding(false)}
          onChange={(value) => {
            setAdding(false);
            if (value) onChange([...chain, value]);
          }}
        />
      ) : (
        chain.length < longestChain && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            leftSection={<IconPlus size={12} />}
            style={{ alignSelf: 'flex-start' }}
            onClick={() => setAdding(true)}
          >
            {t('export.addModel')}
          </Button>
        )
      )}
    </Stack>
  );
}
