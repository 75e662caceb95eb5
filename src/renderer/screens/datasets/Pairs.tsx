import { Button, Center, Group, Stack, Table, Text } from '@mantine/core';
import { IconPhotoOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { pictureUrl } from '../../api/client.ts';
import { useCall } from '../../api/hooks.ts';
import { Loaded } from '../../components/States.tsx';

const pageSize = 12;

/** The pairs of a data set as thumbnails with names, one page at a time. */
export function Pairs({ dataset }: { dataset: string }) {
  const { t } = useTranslation();
  const [offset, setOffset] = useState(0);
  const page = useCall('datasets.samples', { dataset, offset, count: pageSize });
  return (
    <Loaded query={page}>
      {({ total, samples }) => (
        <Stack gap="xs">
          <Table verticalSpacing={4}>
            <Table.Tbody>
              {samples.map(({ name, partner, input, target }) => (
                <Table.Tr key={name}>
                  {[input, target].map(
                    (id, side) =>
                      id !== undefined && (
                        <Table.Td key={side} w={76}>
                          <Thumbnail id={id} />
                        </Table.Td>
                      ),
                  )}
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>
                    <Text size="sm">{name}</Text>
                    {partner !== undefined && partner !== name && (
                      <Text size="xs" c="dimmed">
                        → {partner}
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {total > pageSize && (
            <Group gap="xs">
              <Button
                size="compact-xs"
                variant="default"
                disabled={offset === 0}
                onClick={() => setOffset(Math.max(0, offset - pageSize))}
              >
                {t('datasets.previous')}
              </Button>
              <Button
                size="compact-xs"
                variant="default"
                disabled={offset + pageSize >= total}
                onClick={() => setOffset(offset + pageSize)}
              >
                {t('datasets.next')}
              </Button>
              <Text size="xs" c="dimmed">
                {t('datasets.shown', { from: offset + 1, to: Math.min(total, offset + pageSize), total })}
              </Text>
            </Group>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

/** A thumbnail, or a sign that the file cannot be read. */
function Thumbnail({ id }: { id: string }) {
  const [broken, setBroken] = useState(false);
  if (broken) {
    return (
      <Center className="thumbnail">
        <IconPhotoOff size={20} stroke={1.5} />
      </Center>
    );
  }
  return <img src={pictureUrl(id, 128)} alt="" loading="lazy" className="thumbnail" onError={() => setBroken(true)} />;
}
