import { Accordion, Badge, Group, List, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Dataset, Inspection } from '../../../shared/contract/datasets.ts';
import { grouped } from '../../components/format.ts';
import { useTold } from '../../i18n/told.ts';
import { Pairs } from './Pairs.tsx';

/** Most names shown of a long list. */
const shownNames = 200;

/** Check result of a data set: figures first, then unusable pictures, unmatched pictures and pairs. */
export function Findings({ dataset, inspection }: { dataset: Dataset; inspection: Inspection }) {
  const { t } = useTranslation();
  const told = useTold();
  const { width, height, unmatched, problems, samples, checked } = inspection;
  const facts: [string, string][] = [
    [t('datasets.samples'), grouped(samples)],
    [t('datasets.convention'), inspection.convention?.split('; ').map(told).join('; ') ?? t('datasets.cleanOnly')],
    ...(dataset.scale > 1
      ? [[t('datasets.scale'), t('datasets.smaller', { scale: dataset.scale })] as [string, string]]
      : []),
    [t('datasets.size'), `${width.median} × ${height.median}`],
    [t('datasets.range'), `${width.smallest} × ${height.smallest} – ${width.largest} × ${height.largest}`],
  ];
  return (
    <Stack gap="md">
      <div className="facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text fw={500}>{value}</Text>
          </div>
        ))}
      </div>
      <Group gap="xs">
        {Object.entries(inspection.formats).map(([format, count]) => (
          <Badge key={format} variant="default" tt="none">
            {told(format)}: {count}
          </Badge>
        ))}
        {inspection.grey > 0 && (
          <Badge variant="default" tt="none">
            {t('datasets.grey', { count: inspection.grey })}
          </Badge>
        )}
        {inspection.withAlpha > 0 && (
          <Badge variant="default" tt="none">
            {t('datasets.alpha', { count: inspection.withAlpha })}
          </Badge>
        )}
        {inspection.others > 0 && (
          <Badge variant="default" tt="none">
            {t('datasets.notPictures', { count: inspection.others })}
          </Badge>
        )}
        {checked < samples && (
          <Text size="xs" c="dimmed">
            {t('datasets.checked', { checked, samples })}
          </Text>
        )}
      </Group>
      <Accordion variant="contained" multiple keepMounted={false}>
        {problems.length > 0 && (
          <Accordion.Item value="problems">
            <Accordion.Control c="yellow">{t('datasets.problems', { count: problems.length })}</Accordion.Control>
            <Accordion.Panel>
              <Text size="sm">{t('datasets.problemsText')}</Text>
              <Names
                names={problems.map(({ file, reason }) =>
                  reason.includes(file) ? told(reason) : `${file}: ${told(reason)}`,
                )}
              />
            </Accordion.Panel>
          </Accordion.Item>
        )}
        {unmatched.length > 0 && (
          <Accordion.Item value="unmatched">
            <Accordion.Control c="yellow">{t('datasets.unmatched', { count: unmatched.length })}</Accordion.Control>
            <Accordion.Panel>
              <Text size="sm">{t('datasets.unmatchedText')}</Text>
              <Names names={unmatched} />
            </Accordion.Panel>
          </Accordion.Item>
        )}
        <Accordion.Item value="pairs">
          <Accordion.Control>
            {t(inspection.convention === undefined ? 'datasets.pictures' : 'datasets.pairs', { count: samples })}
          </Accordion.Control>
          <Accordion.Panel>
            <Pairs dataset={dataset.id} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      {inspection.convention !== undefined && problems.length + unmatched.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('datasets.allFine')}
        </Text>
      )}
    </Stack>
  );
}

function Names({ names }: { names: string[] }) {
  const { t } = useTranslation();
  return (
    <List size="sm" mt="xs" style={{ overflowWrap: 'anywhere' }}>
      {names.slice(0, shownNames).map((name) => (
        <List.Item key={name}>{name}</List.Item>
      ))}
      {names.length > shownNames && <List.Item>{t('datasets.more', { count: names.length - shownNames })}</List.Item>}
    </List>
  );
}
