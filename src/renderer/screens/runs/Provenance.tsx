import { Anchor, Code, CopyButton, Table, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunPage } from '../../../shared/contract/training.ts';
import type { RunConfig } from '../../../shared/runConfig.ts';
import { useCall } from '../../api/hooks.ts';
import { grouped } from '../../components/format.ts';
import { useTold } from '../../i18n/told.ts';
import { href } from '../../route.ts';

/** How the figures of this run came about: metrics, data, features, program and seed. */
export function Provenance({ settings, facts }: { settings: RunConfig; facts: RunPage['facts'] }) {
  const { t } = useTranslation();
  const told = useTold();
  const { metrics, data, network } = settings;
  const runs = useCall('runs.list', {});
  const origin = runs.data?.find(({ id, name }) => id === network.weights || name === network.weights);
  const measured = [
    t(metrics.yChannel ? 'facts.onY' : 'facts.onRgb'),
    metrics.cropBorder > 0 ? t('facts.border', { count: metrics.cropBorder }) : t('facts.noBorder'),
    t('facts.averaged'),
  ].join(', ');
  const folders = [data.train.target, data.train.input, data.validation.target, data.validation.input].filter(
    (folder) => folder !== undefined,
  );
  const rows: [string, ReactNode][] = [
    [t('facts.measured'), measured],
    [t('facts.folders'), folders.map((folder) => <div key={folder}>{folder}</div>)],
    ...(facts
      ? ([
          [t('facts.fingerprint'), <Copied key="data" text={facts.dataFingerprint} />],
          [t('facts.features'), facts.features.split('; ').map(told).join('; ')],
        ] as [string, ReactNode][])
      : []),
    [t('facts.seed'), settings.seed],
    [
      t('facts.from'),
      origin ? (
        <Anchor size="sm" href={href('runs', origin.id)}>
          {origin.name}
        </Anchor>
      ) : (
        (network.weights ?? t('facts.random'))
      ),
    ],
    ...(facts
      ? ([
          [t('facts.parameters'), grouped(facts.parameters)],
          [t('facts.device'), t('facts.deviceThreads', { device: told(facts.device), threads: facts.threads })],
          [
            t('facts.program'),
            [
              facts.versions.program,
              ...(facts.versions.commit ? [t('facts.commit', { commit: facts.versions.commit })] : []),
              `TensorFlow ${facts.versions.tensorflow}`,
              `Node ${facts.versions.node}`,
            ].join(' · '),
          ],
        ] as [string, ReactNode][])
      : []),
  ];
  return (
    <Table verticalSpacing={4} className="provenance">
      <Table.Tbody>
        {rows.map(([label, value]) => (
          <Table.Tr key={label}>
            <Table.Th scope="row">{label}</Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** A long code that a click copies. */
function Copied({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <UnstyledButton onClick={copy} aria-label={t('facts.copy', { text })}>
          <Code>{text.slice(0, 24)}…</Code> {copied && t('models.copied')}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
