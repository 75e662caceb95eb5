import { Button, Group, Modal, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../../shared/contract/common.ts';
import type { Dataset } from '../../../shared/contract/datasets.ts';
import { useAction } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';

type Kind = 'root' | 'pair' | 'clean';
const kinds: Kind[] = ['root', 'pair', 'clean'];

/** Imports a data set: its root folder, two folders to pair, or clean pictures only. */
export function AddDataset({ onAdded }: { onAdded: (dataset: Dataset) => void }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const [kind, setKind] = useState<Kind>('root');
  const [target, setTarget] = useState<Place>();
  const [input, setInput] = useState<Place>();
  const [name, setName] = useState('');
  const add = useAction('datasets.add', ['datasets.list']);

  const submit = (): void => {
    if (!target) return;
    const source = {
      name: name || target.name,
      target: target.id,
      clean: kind === 'clean',
      ...(kind === 'pair' && input ? { input: input.id } : {}),
    };
    add.mutate(source, {
      onSuccess: (added) => {
        setOpened(false);
        onAdded(added);
      },
    });
  };

  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpened(true)}>
        {t('datasets.add')}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t('datasets.add')}
        size="lg"
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <Stack>
          <Radio.Group label={t('datasets.kind')} value={kind} onChange={(value) => setKind(value)}>
            <Stack gap="xs" mt="xs">
              {kinds.map((value) => (
                <Radio
                  key={value}
                  value={value}
                  label={t(`datasets.kinds.${value}.title`)}
                  description={t(`datasets.kinds.${value}.text`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          <Folder
            label={kind === 'root' ? t('datasets.root') : t('datasets.target')}
            place={target}
            onChoose={setTarget}
          />
          {kind === 'pair' && <Folder label={t('datasets.input')} place={input} onChoose={setInput} />}
          <TextInput
            label={t('datasets.name')}
            placeholder={target?.name ?? ''}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={120}
          />
          <Group justify="flex-end">
            <Button onClick={submit} loading={add.isPending} disabled={!target || (kind === 'pair' && !input)}>
              {t('datasets.import')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function Folder({
  label,
  place,
  onChoose,
}: {
  label: string;
  place: Place | undefined;
  onChoose: (place: Place | undefined) => void;
}) {
  const { t } = useTranslation();
  return (
    <Group wrap="nowrap" gap="sm">
      <ChoosePlace wanted="folder" label={label} onChoose={([chosen]) => onChoose(chosen)} />
      <Text size="sm" c="dimmed" truncate title={place?.path}>
        {place?.path ?? t('datasets.noFolder')}
      </Text>
    </Group>
  );
}
