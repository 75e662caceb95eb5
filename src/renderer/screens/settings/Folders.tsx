import { Alert, Button, Code, Group, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallOutput } from '../../../shared/contract.ts';
import { useAction } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';

type Paths = CallOutput<'app.info'>['folders'];

/** Where the program keeps its data. */
export function Folders({ info }: { info: CallOutput<'app.info'> | undefined }) {
  const { t } = useTranslation();
  const reveal = useAction('app.reveal');
  const choose = useAction('app.chooseFolder', ['app.info']);
  if (!info) return null;
  const { folders, folderFixed, nextFolder } = info;
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
                <Button
                  size="compact-xs"
                  variant="subtle"
                  aria-label={t('settings.showFolder', { name: t(`settings.folder.${name}`) })}
                  onClick={() => reveal.mutate({ folder: name })}
                >
                  {t('settings.show')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {nextFolder !== undefined && (
        <Alert color="blue" role="status">
          {t('settings.nextFolder', { folder: nextFolder })}
        </Alert>
      )}
      <Group gap="sm" wrap="nowrap">
        {!folderFixed && (
          <ChoosePlace
            wanted="folder"
            label={t('settings.chooseFolder')}
            loading={choose.isPending}
            onChoose={([folder]) => folder && choose.mutate({ folder: folder.id })}
          />
        )}
        <Text size="xs" c="dimmed">
          {t(folderFixed ? 'settings.folderFixed' : 'settings.foldersText')}
        </Text>
      </Group>
    </Stack>
  );
}
