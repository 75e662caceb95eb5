import { Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StudyShown, StudyVerdict } from '../../../shared/contract/studies.ts';

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** Every arm beside the baseline: the verdict in words, and the figures behind it. */
export function StudyVerdicts({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  if (study.verdicts.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('studies.noVerdict')}
      </Text>
    );
  return (
    <Stack gap="sm">
      {study.verdicts.map((verdict) => (
        <Sentence key={verdict.arm} verdict={verdict} margin={study.margin} />
      ))}
      <Table.ScrollContainer minWidth={640}>
        <Table aria-label={t('studies.verdict')} className="figures">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('studies.arm')}</Table.Th>
              <Table.Th ta="right">{t('studies.difference')}</Table.Th>
              <Table.Th ta="right">{t('studies.interval')}</Table.Th>
              <Table.Th ta="right">{t('studies.bootstrap')}</Table.Th>
              <Table.Th ta="right">p</Table.Th>
              <Table.Th ta="right">{t('studies.equivalenceP')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {study.verdicts.map(({ arm, mean, interval, bootstrap, p, equivalenceP }) => (
              <Table.Tr key={arm}>
                <Table.Th scope="row" fw={500}>
                  {arm}
                </Table.Th>
                <Table.Td ta="right">{signed(mean)}</Table.Td>
                <Table.Td ta="right">
                  {t('studies.range', { low: signed(interval.low), high: signed(interval.high) })}
                </Table.Td>
                <Table.Td ta="right">
                  {t('studies.range', { low: signed(bootstrap.low), high: signed(bootstrap.high) })}
                </Table.Td>
                <Table.Td ta="right">{probability(p)}</Table.Td>
                <Table.Td ta="right">{probability(equivalenceP)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="xs" c="dimmed">
        {t('studies.method', { margin: study.margin })}
      </Text>
    </Stack>
  );
}

function Sentence({ verdict, margin }: { verdict: StudyVerdict; margin: number }) {
  const { t } = useTranslation();
  const { arm, baseline, mean, interval, count, moreSeeds } = verdict;
  const figures = t('studies.figures', {
    mean: signed(mean),
    low: signed(interval.low),
    high: signed(interval.high),
    count,
  });
  const more = moreSeeds === null ? t('studies.manySeeds') : t('studies.moreSeeds', { count: moreSeeds ?? 0 });
  return (
    <Text>
      {t(`studies.words.${verdict.verdict}`, { arm, baseline, margin, figures })}
      {verdict.verdict === 'undecided' && ` ${more}`}
    </Text>
  );
}
