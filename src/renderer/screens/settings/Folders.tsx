import { Button, Code, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallOutput } from '../../../shared/contract.ts';
import { useAction } from '../../api/hooks.ts';

type Paths = CallOutput<'app.info'>['folders'];

/** Where the program keeps what it makes. */
export function Folders({ folders }: { folders: Paths | undefined }) {
  const { t } = useTranslation();
  const reveal = useAction('app.reveal');
  if (!folders) return null;
  return (
    <Stack gap="xs">
      <Table>
        <Table.Tbody>
          {(Object.keys(folders) as (keyof Paths)[]).map((name) => (
            <Table.Tr key={name}>
              <Table.Td w={190}>{t(`settings.folder.${name}`)}</Table.Td>
              <Table.Td>
                <Code>{folders[name]}</Code>
              </Table.Td>
              <Table.Td w={90}>
                <Button size="compact-xs" variant="subtle" aria-label={t('settings.showFolder', { name: t(`settings.folder.${name}`) })} onClick={() => reveal.mutate({ folder: name })}>
                  {t('settings.show')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        {t('settings.foldersText')}
      </Text>
    </Stack>
  );
}
