import {
  Anchor,
  Button,
  Checkbox,
  Group,
  Modal,
  ScrollArea,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { IconArrowUp, IconFile, IconFolder, IconPhoto } from '@tabler/icons-react';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../shared/contract/common.ts';
import { bridge, chooseNatively } from '../api/client.ts';
import { useAction, useCall } from '../api/hooks.ts';
import { showError } from '../api/showError.ts';

export type Wanted = 'folder' | 'pictures' | 'weights' | 'studies' | 'files';

/** Kinds for which one file is chosen, not a folder. */
const isOneFile = (wanted: Wanted): boolean => ['weights', 'studies', 'files'].includes(wanted);

interface ChoosePlaceProps {
  wanted: Wanted;
  label: string;
  /** Title of the dialog, if the label alone does not say what is being chosen. */
  title?: string;
  onChoose: (places: Place[]) => void;
  variant?: string;
  size?: 'xs' | 'sm';
  loading?: boolean;
  /** Takes the focus when the dialog around it opens. */
  focused?: boolean;
}

/** A button to choose a file or folder on the host: with the system's dialog in Electron, otherwise with our own. */
export function ChoosePlace({
  wanted,
  label,
  title = label,
  onChoose,
  variant = 'default',
  size = 'xs',
  loading = false,
  focused = false,
}: ChoosePlaceProps) {
  const [opened, setOpened] = useState(false);
  const open = (): void => {
    if (!bridge) return setOpened(true);
    chooseNatively(bridge, wanted).then((places) => places.length > 0 && onChoose(places), showError);
  };
  return (
    <>
      <Button
        size={size}
        variant={variant}
        loading={loading}
        onClick={open}
        style={{ flexShrink: 0 }}
        data-autofocus={focused || undefined}
      >
        {label}
      </Button>
      {opened && (
        <PlaceDialog
          wanted={wanted}
          title={title}
          onClose={() => setOpened(false)}
          onChoose={(places) => {
            setOpened(false);
            onChoose(places);
          }}
        />
      )}
    </>
  );
}

function PlaceDialog({
  wanted,
  title,
  onClose,
  onChoose,
}: {
  wanted: Wanted;
  title: string;
  onClose: () => void;
  onChoose: (places: Place[]) => void;
}) {
  const { t } = useTranslation();
  const roots = useCall('places.roots', {});
  const [chosenFolder, setFolder] = useState<string>();
  const [marked, setMarked] = useState<Place[]>([]);
  const folder = chosenFolder ?? roots.data?.[0]?.id;
  // Other programs change folders too, so a cached listing is only shown until the folder has been listed again.
  const listing = useCall(
    'places.list',
    { folder: folder ?? '', show: wanted === 'folder' ? 'folders' : wanted },
    { enabled: folder !== undefined, staleTime: 0 },
  );
  const here = listing.data?.folder;
  const enter = (id: string): void => {
    setMarked([]);
    setFolder(id);
  };
  const folderItself = isOneFile(wanted) || !here ? [] : [here];
  const result = marked.length > 0 ? marked : folderItself;
  const mark = (entry: Place, checked: boolean): void => {
    const others = marked.filter((place) => place.id !== entry.id);
    if (!checked) setMarked(others);
    else setMarked(isOneFile(wanted) ? [entry] : [...others, entry]);
  };

  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Stack gap="sm">
        <Group gap="md">
          {roots.data?.map((root) => (
            <Anchor key={root.id} component="button" size="sm" onClick={() => enter(root.id)}>
              {root.path}
            </Anchor>
          ))}
        </Group>
        <Group gap="xs" wrap="nowrap">
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('places.up')}
            disabled={!listing.data?.parent}
            onClick={() => listing.data?.parent && enter(listing.data.parent.id)}
          >
            <IconArrowUp size={16} />
          </Button>
          <Text size="sm" ff="monospace" lineClamp={1}>
            {here?.path}
          </Text>
        </Group>
        <ScrollArea h={320} style={{ border: '1px solid var(--line)' }} p={4}>
          {listing.data?.entries.map((entry) =>
            entry.kind === 'folder' ? (
              <UnstyledButton key={entry.id} w="100%" p={6} onClick={() => enter(entry.id)}>
                <Group gap="xs" wrap="nowrap">
                  <IconFolder size={18} stroke={1.5} />
                  <Text size="sm">{entry.name}</Text>
                </Group>
              </UnstyledButton>
            ) : (
              <Group key={entry.id} gap="xs" p={6} wrap="nowrap">
                {wanted === 'pictures' ? <IconPhoto size={18} stroke={1.5} /> : <IconFile size={18} stroke={1.5} />}
                <Checkbox
                  size="xs"
                  label={entry.name}
                  checked={marked.some((place) => place.id === entry.id)}
                  onChange={(event) => mark(entry, event.currentTarget.checked)}
                />
              </Group>
            ),
          )}
          {listing.data?.entries.length === 0 && (
            <Text size="sm" c="dimmed" p="sm">
              {t(`places.empty.${wanted}`)}
            </Text>
          )}
        </ScrollArea>
        <Group justify="flex-end">
          {wanted === 'folder' && here && <NewFolder key={here.id} inside={here.id} onMade={enter} />}
          <Button size="sm" variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button size="sm" disabled={result.length === 0} onClick={() => onChoose(result)}>
            {marked.length > 0 ? t('places.chooseMarked', { count: marked.length }) : t('places.chooseFolder')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Creates a folder inside the one that is shown. */
function NewFolder({ inside, onMade }: { inside: string; onMade: (id: string) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState<string>();
  const make = useAction('places.create', ['places.list']);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (name) make.mutate({ folder: inside, name }, { onSuccess: ({ id }) => onMade(id) });
  };
  if (name === undefined) {
    return (
      <Button size="sm" variant="subtle" color="gray" mr="auto" onClick={() => setName('')}>
        {t('places.newFolder')}
      </Button>
    );
  }
  return (
    <form onSubmit={submit} style={{ display: 'flex', gap: 8, marginInlineEnd: 'auto' }}>
      <TextInput
        size="xs"
        aria-label={t('places.newName')}
        placeholder={t('places.newName')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoFocus
      />
      <Button size="xs" type="submit" variant="default" loading={make.isPending} disabled={name.trim() === ''}>
        {t('places.create')}
      </Button>
    </form>
  );
}
