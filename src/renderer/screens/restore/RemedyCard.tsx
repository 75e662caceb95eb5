import { Button, Group, Progress, Select, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Remedy } from '../../../shared/contract/models.ts';
import { fileSize } from '../../components/fileSize.ts';
import { remediesFor } from './treatment.ts';
import type { UsedTreatment } from './useTreatment.ts';

/** What is done about one fault, in plain words, with the download where its model is not on this computer. */
export function RemedyCard({ remedy, treatment }: { remedy: Remedy; treatment: UsedTreatment }) {
  const { t } = useTranslation();
  const choices = remediesFor(treatment.remedies, remedy.fault);
  const name = t(`remedy.${remedy.words}`);
  return (
    <Stack gap={6} className="card" p="xs" role="group" aria-label={name}>
      {choices.length > 1 ? (
        <Select
          size="xs"
          aria-label={t('remedy.other', { fault: t(`fault.${remedy.fault}`) })}
          data={choices.map(({ id, words }) => ({ value: id, label: t(`remedy.${words}`) }))}
          value={remedy.id}
          allowDeselect={false}
          onChange={(id) => {
            const other = choices.find((choice) => choice.id === id);
            if (other) treatment.pick(other);
          }}
        />
      ) : (
        <Text size="xs" fw={600}>
          {name}
        </Text>
      )}
      <Download remedy={remedy} name={name} treatment={treatment} />
    </Stack>
  );
}

function Download({ remedy, name, treatment }: { remedy: Remedy; name: string; treatment: UsedTreatment }) {
  const { t } = useTranslation();
  const { model, source, bytes, licence, fetched } = remedy;
  if (model !== undefined || source === undefined)
    return (
      <Text size="xs" c="dimmed">
        {t(source === undefined ? 'remedy.inProgram' : 'remedy.here', { licence })}
      </Text>
    );
  if (fetched !== undefined)
    return (
      <Group gap="xs" wrap="nowrap">
        <Progress
          flex={1}
          size="sm"
          value={(100 * fetched) / bytes}
          aria-label={t('packs.fetching', { title: name })}
        />
        <Button size="compact-xs" variant="default" onClick={() => treatment.cancel(remedy)}>
          {t('common.cancel')}
        </Button>
      </Group>
    );
  return (
    <>
      <Text size="xs" c="dimmed">
        {t('remedy.askText', { source, licence })}
      </Text>
      <Button size="xs" onClick={() => treatment.fetch(remedy)}>
        {t('remedy.fetch', { size: fileSize(bytes) })}
      </Button>
    </>
  );
}
