import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallName } from '../../../shared/contract.ts';
import type { MachinesSetUp } from '../../../shared/contract/machines.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { AllMachines } from '../../components/MachinesPanel.tsx';

/** The queue and the shared folders through which other machines do work. */
export function OtherMachines() {
  const { data } = useCall('machines.setUp', {});
  if (data === undefined) return null;
  return <SetUp key={data?.url ?? ''} known={data} />;
}

type Chosen = MachinesSetUp['roots'][0]['folder'];
interface Root {
  name: string;
  folder: Chosen;
}

const refreshed: CallName[] = ['machines.setUp', 'machines.all'];

function SetUp({ known }: { known: MachinesSetUp | null }) {
  const { t } = useTranslation();
  const connect = useAction('machines.change', refreshed);
  const forget = useAction('machines.forget', refreshed);
  const [url, setUrl] = useState(known?.url ?? '');
  const [user, setUser] = useState(known?.user ?? '');
  const [passwordFile, setPasswordFile] = useState<Chosen | undefined>(known?.passwordFile);
  const [ca, setCa] = useState<Chosen | undefined>(known?.ca);
  const [roots, setRoots] = useState<Root[]>(known?.roots ?? []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    connect.mutate({
      url: url.trim(),
      ...(user.trim() !== '' && { user: user.trim() }),
      ...(passwordFile && { passwordFile: passwordFile.id }),
      ...(ca && { ca: ca.id }),
      roots: roots.map(({ name, folder }) => ({ name: name.trim(), folder: folder.id })),
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="xs" c="dimmed">
          {t('machines.about')}
        </Text>
        <Group gap="md" align="flex-end" wrap="nowrap">
          <TextInput
            flex={1}
            label={t('machines.url')}
            placeholder="redis://192.168.1.10"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <TextInput
            w={200}
            label={t('machines.user')}
            placeholder={t('machines.noUser')}
            value={user}
            onChange={(event) => setUser(event.currentTarget.value)}
          />
        </Group>
        <ChosenFile label={t('machines.passwordFile')} file={passwordFile} onChange={setPasswordFile} />
        <ChosenFile label={t('machines.ca')} file={ca} onChange={setCa} />
        <SharedFolders roots={roots} onChange={setRoots} />
        <Group gap="xs">
          <Button
            type="submit"
            size="xs"
            loading={connect.isPending}
            disabled={url.trim() === '' || roots.length === 0}
          >
            {t('machines.connect')}
          </Button>
          {known && (
            <Button size="xs" variant="default" loading={forget.isPending} onClick={() => forget.mutate({})}>
              {t('machines.forget')}
            </Button>
          )}
        </Group>
        {known && <AllMachines />}
      </Stack>
    </form>
  );
}

/** A file that may be left out. */
function ChosenFile({
  label,
  file,
  onChange,
}: {
  label: string;
  file: Chosen | undefined;
  onChange: (file: Chosen | undefined) => void;
}) {
  const { t } = useTranslation();
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm" w={260} style={{ flexShrink: 0 }}>
        {label}
      </Text>
      <ChoosePlace
        wanted="files"
        label={t('machines.chooseFile')}
        title={label}
        onChoose={([place]) => onChange(place)}
      />
      <Text size="xs" c="dimmed" className="path">
        {file?.path ?? t('machines.noFile')}
      </Text>
      {file && <Remove label={t('machines.removeFile', { name: label })} onClick={() => onChange(undefined)} />}
    </Group>
  );
}

/** Folders that all machines share, each under a name that is the same on all of them. */
function SharedFolders({ roots, onChange }: { roots: Root[]; onChange: (roots: Root[]) => void }) {
  const { t } = useTranslation();
  const change = (at: number, name: string): void =>
    onChange(roots.map((root, i) => (i === at ? { ...root, name } : root)));
  return (
    <Stack gap={6} component="section" aria-label={t('machines.folders')}>
      <Text size="sm">{t('machines.folders')}</Text>
      {roots.map(({ name, folder }, at) => (
        <Group key={folder.id} gap="sm" wrap="nowrap">
          <TextInput
            size="xs"
            w={160}
            aria-label={t('machines.folderName', { folder: folder.path })}
            value={name}
            onChange={(event) => change(at, event.currentTarget.value)}
          />
          <Text size="xs" c="dimmed" className="path" flex={1}>
            {folder.path}
          </Text>
          <Remove
            label={t('machines.removeFolder', { folder: folder.path })}
            onClick={() => onChange(roots.filter((_, i) => i !== at))}
          />
        </Group>
      ))}
      <Group>
        <ChoosePlace
          wanted="folder"
          label={t('machines.addFolder')}
          onChoose={([folder]) => {
            if (!folder || roots.some((root) => root.folder.id === folder.id)) return;
            onChange([...roots, { name: suggestedName(folder.name, roots), folder }]);
          }}
        />
      </Group>
    </Stack>
  );
}

/** Names of shared folders have small letters, digits, - and _, begin with a letter, and are short. */
function suggestedName(folder: string, roots: readonly Root[]): string {
  const plain = folder
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 24);
  const name = plain === '' ? 'photos' : plain;
  const taken = roots.map((root) => root.name);
  return taken.includes(name) ? `${name}-${roots.length + 1}` : name;
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon size="sm" variant="subtle" color="gray" aria-label={label} onClick={onClick}>
      <IconX size={14} />
    </ActionIcon>
  );
}
