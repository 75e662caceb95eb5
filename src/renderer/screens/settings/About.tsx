import { Button, Group, Modal, ScrollArea, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from '../../api/hooks.ts';
import { Loaded } from '../../components/States.tsx';

type Page = 'changelog' | 'licences';

/** The changelog, and the licences of the program and its libraries. */
export function About() {
  const { t } = useTranslation();
  const [page, setPage] = useState<Page>();
  return (
    <>
      <Text size="sm" mb="xs">
        {t('settings.noNetwork')}
      </Text>
      <Group gap="xs">
        {(['changelog', 'licences'] as const).map((name) => (
          <Button key={name} size="xs" variant="default" onClick={() => setPage(name)}>
            {t(`settings.${name}`)}
          </Button>
        ))}
      </Group>
      <Modal
        opened={page !== undefined}
        onClose={() => setPage(undefined)}
        title={page && t(`settings.${page}`)}
        size="xl"
        scrollAreaComponent={ScrollArea.Autosize}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {page && <Content page={page} />}
      </Modal>
    </>
  );
}

function Content({ page }: { page: Page }) {
  const about = useCall('app.about', {});
  return (
    <Loaded query={about}>
      {({ changelog, licence, libraries }) =>
        page === 'changelog' ? (
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
            {changelog
              .replace(/^# .*\n+/, '')
              .replace(/^#+ /gm, '')
              .replace(/`/g, '')}
          </Text>
        ) : (
          <>
            <Text size="xs" mb="md" style={{ whiteSpace: 'pre-wrap' }}>
              {licence}
            </Text>
            <Table>
              <Table.Tbody>
                {libraries.map((library) => (
                  <Table.Tr key={library.name}>
                    <Table.Td>{library.name}</Table.Td>
                    <Table.Td>{library.version}</Table.Td>
                    <Table.Td>{library.licence}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </>
        )
      }
    </Loaded>
  );
}
