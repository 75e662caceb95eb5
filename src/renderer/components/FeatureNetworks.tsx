import { Alert, Button, Group, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../api/hooks.ts';
import { AskToFetch } from './AskToFetch.tsx';
import { fileSize } from './fileSize.ts';

/** The published feature networks: what is here, and a button that fetches them after asking. For the settings. */
export function FeatureNetworks() {
  const { t } = useTranslation();
  const features = useCall('features.show', {});
  if (!features.data) return null;
  const { here, complete } = features.data;
  return (
    <Stack gap="sm" align="flex-start">
      <Text size="sm" c="dimmed">
        {t('features.text')}
      </Text>
      {here.length > 0 && (
        <Table>
          <Table.Tbody>
            {here.map(({ network, source }) => (
              <Table.Tr key={network}>
                <Table.Td w={190}>{network}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{source}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {!complete && <FetchFeatures />}
    </Stack>
  );
}

/** Shown where a training with MCIR is set up and would compare with the stand-in. */
export function StandInNotice({ network }: { network: string }) {
  const { t } = useTranslation();
  const features = useCall('features.show', {});
  if (!features.data || features.data.here.some((known) => known.network === network)) return null;
  return (
    <Alert color="yellow" mt="sm">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{t('features.standIn')}</Text>
        {network === 'vgg16' && <FetchFeatures />}
      </Group>
    </Alert>
  );
}

function FetchFeatures() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const features = useCall('features.show', {});
  const fetchThem = useAction('features.fetch', ['features.show']);
  const { bytes = 0, licence = '', source = '' } = features.data?.published ?? {};
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        style={{ flexShrink: 0 }}
        loading={fetchThem.isPending}
        onClick={() => setAsked(true)}
      >
        {t('features.ask')}
      </Button>
      {asked && (
        <AskToFetch
          title={t('features.askTitle')}
          text={t('features.askText', { size: fileSize(bytes), licence, source })}
          yes={t('features.fetch')}
          onYes={() => fetchThem.mutate({})}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}
