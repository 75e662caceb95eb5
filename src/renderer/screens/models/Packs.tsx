import { Anchor, Button, Group, Progress, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Pack } from '../../../shared/contract/models.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { AskToFetch } from '../../components/AskToFetch.tsx';
import { Loaded } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { href } from '../../route.ts';
import { fileSize } from '../../components/fileSize.ts';

/** Models published by others. Nothing is downloaded before the user has asked for it and confirmed. */
export function Packs() {
  const { t } = useTranslation();
  const told = useTold();
  const packs = useCall('packs.list', {});
  const [asked, setAsked] = useState<Pack>();
  const fetchPack = useAction('packs.fetch', ['packs.list', 'models.list']);
  const cancel = useAction('packs.cancel');
  return (
    <section>
      <Title order={2} size="h6">
        {t('packs.title')}
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {t('packs.text')}
      </Text>
      <Loaded query={packs}>
        {(list) => (
          <Table className="panel card" verticalSpacing="xs" horizontalSpacing="md" fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('models.column.title')}</Table.Th>
                <Table.Th>{t('packs.licence')}</Table.Th>
                <Table.Th ta="right">{t('packs.size')}</Table.Th>
                <Table.Th w={170}>
                  <span className="unseen">{t('packs.fetch')}</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.map((pack) => (
                <Table.Tr key={pack.id}>
                  <Table.Td>
                    <Text size="sm" fw={600}>
                      {told(pack.title)}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {told(pack.description)}
                    </Text>
                  </Table.Td>
                  <Table.Td>{pack.licence}</Table.Td>
                  <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                    {fileSize(pack.bytes)}
                  </Table.Td>
                  <Table.Td ta="right">
                    <PackAction
                      pack={pack}
                      onFetch={() => setAsked(pack)}
                      onCancel={() => cancel.mutate({ pack: pack.id })}
                    />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
      {asked && (
        <AskToFetch
          title={t('packs.askTitle', { title: told(asked.title) })}
          text={t('packs.askText', { source: asked.source, size: fileSize(asked.bytes), licence: asked.licence })}
          yes={t('packs.fetch')}
          onYes={() => fetchPack.mutate({ pack: asked.id })}
          onClose={() => setAsked(undefined)}
        />
      )}
    </section>
  );
}

function PackAction({ pack, onFetch, onCancel }: { pack: Pack; onFetch: () => void; onCancel: () => void }) {
  const { t } = useTranslation();
  const told = useTold();
  if (pack.model !== undefined) {
    return (
      <Anchor size="sm" href={href('models', pack.model)}>
        {t('packs.there')}
      </Anchor>
    );
  }
  if (pack.fetched === undefined) {
    return (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={t('packs.fetchOne', { title: told(pack.title) })}
        onClick={onFetch}
      >
        {t('packs.ask')}
      </Button>
    );
  }
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress
        flex={1}
        size="sm"
        value={(100 * pack.fetched) / pack.bytes}
        aria-label={t('packs.fetching', { title: told(pack.title) })}
      />
      <Button size="compact-sm" variant="default" onClick={onCancel}>
        {t('common.cancel')}
      </Button>
    </Group>
  );
}
