import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface AskToFetchProps {
  title: string;
  /** Says what is downloaded from where, its size, and its licence. */
  text: string;
  /** Label of the button that downloads. */
  yes: string;
  onYes: () => void;
  onClose: () => void;
}

/** Asks before anything is downloaded. */
export function AskToFetch({ title, text, yes, onYes, onClose }: AskToFetchProps) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Stack>
        <Text size="sm">{text}</Text>
        <Group justify="flex-end">
          <Button size="sm" variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button
            size="sm"
            data-autofocus
            onClick={() => {
              onYes();
              onClose();
            }}
          >
            {yes}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
