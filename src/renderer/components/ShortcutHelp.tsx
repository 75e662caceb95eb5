import { Group, Kbd, Modal, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { screenIds } from '../../shared/screens.ts';

const shortcuts: { keys: string[]; text: string }[] = [
  { keys: ['1', '–', String(screenIds.length)], text: 'keys.screens' },
  { keys: ['←', '→', '↑', '↓'], text: 'keys.move' },
  { keys: ['Enter'], text: 'keys.open' },
  { keys: ['Space'], text: 'keys.select' },
  { keys: ['Ctrl', 'A'], text: 'keys.selectAll' },
  { keys: ['P'], text: 'keys.preview' },
  { keys: ['\\'], text: 'keys.before' },
  { keys: ['C'], text: 'keys.layout' },
  { keys: ['M', 'Shift M'], text: 'keys.nextModel' },
  { keys: ['L'], text: 'keys.loupe' },
  { keys: ['Z'], text: 'keys.zoomToggle' },
  { keys: ['+', '−'], text: 'keys.zoom' },
  { keys: ['Shift ←', '→', '↑', '↓'], text: 'keys.pan' },
  { keys: ['0'], text: 'keys.fit' },
  { keys: ['9'], text: 'keys.oneToOne' },
  { keys: ['Esc'], text: 'keys.back' },
  { keys: ['?'], text: 'keys.help' },
];

export function ShortcutHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Table>
          <Table.Tbody>
            {shortcuts.map(({ keys, text }) => (
              <Table.Tr key={text}>
                <Table.Td>
                  <Group gap={4}>
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Text size="sm">{t(text)}</Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
    </Modal>
  );
}
