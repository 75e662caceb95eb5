import {
  Alert,
  Anchor,
  Button,
  Group,
  Radio,
  ScrollArea,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TextInput,
} from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../../api/hooks.ts';
import { StandInNotice } from '../../components/FeatureNetworks.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Loaded } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { go, href } from '../../route.ts';
import { Count, Section } from '../train/fields.tsx';
import { seedsOf } from './seedsOf.ts';

/** Sets up a study from one of the program's questions and two data sets. */
export function NewStudy() {
  const { t } = useTranslation();
  const presets = useCall('studies.presets', {});
  return (
    <ScreenFrame
      title={t('studies.new')}
      subtitle={t('studies.newText')}
      actions={
        <Button size="xs" variant="default" onClick={() => go('studies')}>
          {t('studies.back')}
        </Button>
      }
    >
      <Loaded query={presets}>{(list) => <Form presets={list} />}</Loaded>
    </ScreenFrame>
  );
}

type Presets = NonNullable<ReturnType<typeof useCall<'studies.presets'>>['data']>;

function Form({ presets }: { presets: Presets }) {
  const { t } = useTranslation();
  const told = useTold();
  const datasets = useCall('datasets.list', {});
  const trainings = useCall('presets.list', {});
  const runs = useCall('runs.list', {});
  const models = useCall('models.list', {});
  const features = useCall('features.show', {});
  const create = useAction('studies.create', ['studies.list']);
  const [preset, setPreset] = useState(presets[0]?.id ?? '');
  const [name, setName] = useState('');
  const [base, setBase] = useState<string | null>(null);
  const [dataset, setDataset] = useState<string | null>(null);
  const [final, setFinal] = useState<string | null>(null);
  const [model, setModel] = useState<string | null>(null);
  const [finalCount, setFinalCount] = useState(20);
  const [steps, setSteps] = useState(600);
  const [seedText, setSeedText] = useState('1, 2, 3');
  const [lpips, setLpips] = useState(false);
  const chosen = presets.find(({ id }) => id === preset);
  const seeds = seedsOf(seedText);
  const title = name.trim() === '' ? told(chosen?.name ?? '') : name.trim();
  const lpipsHere = features.data?.here.some(({ network }) => network === 'lpips-alex') ?? false;
  const sets = datasets.data?.map(({ id, name: label }) => ({ value: id, label })) ?? [];
  const same = dataset !== null && dataset === final;
  const submit = (): void => {
    if (!dataset || !final || !seeds) return;
    create.mutate(
      {
        ...{ preset, name: title, dataset, final, finalCount, seeds, steps },
        ...(base !== null && { base }),
        ...(model !== null && { model }),
        lpips: lpips ? ['alex'] : [],
      },
      { onSuccess: ({ id }) => go('studies', id) },
    );
  };
  return (
    <>
      <ScrollArea flex={1}>
        <Stack p="lg" gap="md" maw={1040}>
          <Section title={t('studies.question')}>
            <Radio.Group value={preset} onChange={setPreset} aria-label={t('studies.question')}>
              <SimpleGrid cols={2} spacing="sm">
                {presets.map(({ id, name: label, question, arms }) => (
                  <Radio
                    key={id}
                    value={id}
                    label={told(question)}
                    description={`${told(label)}: ${arms.join(' · ')}`}
                  />
                ))}
              </SimpleGrid>
            </Radio.Group>
          </Section>
          <Section title={t('studies.setUp')}>
            <Stack gap="sm">
              {sets.length < 2 && (
                <Alert color="yellow">
                  {t('studies.needsSets')}{' '}
                  <Anchor href={href('datasets')} c="inherit" underline="always">
                    {t('nav.datasets')}
                  </Anchor>
                </Alert>
              )}
              <SimpleGrid cols={2}>
                <TextInput
                  label={t('studies.name')}
                  placeholder={told(chosen?.name ?? '')}
                  value={name}
                  maxLength={60}
                  onChange={(event) => setName(event.currentTarget.value)}
                />
                <Select
                  label={t('studies.base')}
                  description={t('studies.baseText')}
                  inputWrapperOrder={['label', 'input', 'description', 'error']}
                  placeholder={t('studies.baseDefault')}
                  clearable
                  searchable
                  data={[
                    {
                      group: t('studies.presets'),
                      items: trainings.data?.map(({ id, title: label }) => ({ value: id, label: told(label) })) ?? [],
                    },
                    {
                      group: t('nav.runs'),
                      items: runs.data?.map(({ id, name: label }) => ({ value: id, label: `${label} (${id})` })) ?? [],
                    },
                  ]}
                  value={base}
                  onChange={setBase}
                />
                <Select
                  label={t('studies.dataset')}
                  placeholder={t('train.chooseData')}
                  data={sets}
                  value={dataset}
                  onChange={setDataset}
                />
                <Select
                  label={t('studies.final')}
                  description={t('studies.finalText')}
                  inputWrapperOrder={['label', 'input', 'description', 'error']}
                  placeholder={t('train.chooseData')}
                  data={sets}
                  value={final}
                  error={same && t('studies.sameSet')}
                  onChange={setFinal}
                />
                <Select
                  label={t('studies.model')}
                  placeholder={t('train.randomWeights')}
                  clearable
                  searchable
                  data={
                    models.data
                      ?.filter(({ network }) => network !== 'graph')
                      .map(({ id, title: label }) => ({ value: id, label: `${label} (${id})` })) ?? []
                  }
                  value={model}
                  onChange={setModel}
                />
                <TextInput
                  label={t('studies.seeds')}
                  description={t('studies.seedsText')}
                  inputWrapperOrder={['label', 'input', 'description', 'error']}
                  value={seedText}
                  error={!seeds && t('studies.seedsWrong')}
                  onChange={(event) => setSeedText(event.currentTarget.value)}
                />
                <Count label={t('train.steps')} value={steps} onChange={setSteps} />
                <Count label={t('studies.finalCount')} value={finalCount} max={10_000} onChange={setFinalCount} />
              </SimpleGrid>
              <Switch
                label={t('studies.measureLpips')}
                description={lpipsHere ? undefined : t('studies.lpipsMissing')}
                disabled={!lpipsHere}
                checked={lpips && lpipsHere}
                onChange={(event) => setLpips(event.currentTarget.checked)}
              />
              <StandInNotice network="vgg16" />
            </Stack>
          </Section>
        </Stack>
      </ScrollArea>
      <Group p="md" px="lg" justify="flex-end" style={{ borderTop: '1px solid var(--line)' }}>
        {chosen?.timed && <span>{t('studies.timed')}</span>}
        <Button loading={create.isPending} disabled={!dataset || !final || same || !seeds} onClick={submit}>
          {t('studies.create')}
        </Button>
      </Group>
    </>
  );
}
