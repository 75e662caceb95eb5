import { Accordion, Button, Group, ScrollArea, Select, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dataset } from '../../../shared/contract/datasets.ts';
import { isActive } from '../../../shared/jobs.ts';
import { mcirConfig, type RunConfig } from '../../../shared/runConfig.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { StandInNotice } from '../../components/FeatureNetworks.tsx';
import { SchemaForm } from '../../components/SchemaForm.tsx';
import { useTold } from '../../i18n/told.ts';
import { go } from '../../route.ts';
import { AdvancedFields } from './AdvancedFields.tsx';
import { EstimatePanel } from './EstimatePanel.tsx';
import { Amount, Count, Section } from './fields.tsx';
import { NegativesEditor } from './NegativesEditor.tsx';
import { StartWeights } from './StartWeights.tsx';

/** Puts a data set's folders into a configuration; the way its pictures are validated stays. */
function withDataset(config: RunConfig, { target, input, degradations, validation }: Dataset): RunConfig {
  const { size } = config.data.validation;
  return {
    ...config,
    data: {
      ...config.data,
      train: { target, degradations, ...(input === undefined ? {} : { input }) },
      validation: { ...validation, ...(size === undefined ? {} : { size }) },
    },
  };
}

/** The form of a run: the important fields first, the others collapsed, then the estimate and the start button. */
export function RunForm({
  initial,
  dataset,
  onBack,
}: {
  initial: RunConfig;
  dataset: Dataset | undefined;
  onBack: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const told = useTold();
  const datasets = useCall('datasets.list', {});
  const networks = useCall('registry.networks', {});
  const runs = useCall('runs.list', {});
  const start = useAction('training.start', ['runs.list']);
  const [config, setConfig] = useState<RunConfig>(() => (dataset ? withDataset(initial, dataset) : initial));
  const set = (changed: Partial<RunConfig>) => setConfig({ ...config, ...changed });
  const { train } = config.data;
  const chosen = datasets.data?.find(
    (candidate) => candidate.target === train.target && candidate.input === train.input,
  );
  const network = networks.data?.find(({ id }) => id === config.network.type);
  // The folder in a preset is a placeholder for one that the user has yet to choose.
  const missing = train.target === '' || /presets[\\/]datasets[\\/]/.test(train.target);
  // A folder that is not an imported data set is shown by the end of its path.
  const unnamed =
    chosen || missing ? [] : [{ value: train.target, label: train.target.split(/[\\/]/).slice(-2).join('/') }];
  const unchosen = missing ? t('train.dataHint') : train.target;
  const waiting = runs.data?.some(({ state }) => isActive(state)) ?? false;
  const choose = (id: string): void => {
    const found = datasets.data?.find((candidate) => candidate.id === id);
    if (found) setConfig(withDataset(config, found));
  };
  const submit = (): void => start.mutate({ config }, { onSuccess: (run) => go('runs', run.id) });

  return (
    <>
      <ScrollArea flex={1}>
        <Stack p="lg" gap="md" maw={1040}>
          <SimpleGrid cols={3}>
            <TextInput
              label={t('train.name')}
              value={config.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
              maxLength={120}
              error={config.name === '' && t('train.nameMissing')}
            />
            <Select
              label={t('train.data')}
              placeholder={t('train.chooseData')}
              description={chosen ? undefined : unchosen}
              inputWrapperOrder={['label', 'input', 'description']}
              data={[...unnamed, ...(datasets.data?.map(({ id, name }) => ({ value: id, label: name })) ?? [])]}
              nothingFoundMessage={t('datasets.emptyTitle')}
              value={chosen?.id ?? unnamed[0]?.value ?? null}
              onChange={(id) => id && choose(id)}
            />
            <StartWeights network={config.network} onChange={(changed) => set({ network: changed })} />
          </SimpleGrid>
          <SimpleGrid cols={4}>
            <Count label={t('train.steps')} value={config.steps} onChange={(steps) => set({ steps })} />
            <Count
              label={t('train.batch')}
              value={config.data.batch}
              max={256}
              onChange={(batch) => set({ data: { ...config.data, batch } })}
            />
            <Count
              label={t('train.patch')}
              value={config.data.patch}
              min={8}
              max={1024}
              onChange={(patch) => set({ data: { ...config.data, patch } })}
            />
            <Amount
              label={t('train.rate')}
              value={config.optimiser.lr}
              above={0}
              step={0.0001}
              onChange={(lr) => set({ optimiser: { ...config.optimiser, lr } })}
            />
          </SimpleGrid>
          <Section
            title={t('train.mcir')}
            text={t('train.mcirText')}
            side={
              <Switch
                aria-label={t('train.mcir')}
                checked={config.mcir !== undefined}
                onChange={(event) => setConfig(withMcir(config, event.currentTarget.checked))}
              />
            }
          >
            {config.mcir && (
              <>
                <NegativesEditor mcir={config.mcir} steps={config.steps} onChange={(mcir) => set({ mcir })} />
                <StandInNotice network={config.features.network} />
              </>
            )}
          </Section>
          <Accordion variant="contained" multiple keepMounted={false}>
            <Accordion.Item value="network">
              <Accordion.Control>
                {t('train.network', { network: network?.title ?? config.network.type })}
              </Accordion.Control>
              <Accordion.Panel>
                <Stack gap="sm">
                  <Select
                    size="xs"
                    label={t('train.networkType')}
                    description={network && told(network.description)}
                    data={networks.data?.map(({ id, title }) => ({ value: id, label: title })) ?? []}
                    value={config.network.type}
                    allowDeselect={false}
                    searchable
                    onChange={(type) => type && set({ network: { type, options: {} } })}
                  />
                  {network && (
                    <SchemaForm
                      schema={network.schema}
                      values={config.network.options}
                      onChange={(options) => set({ network: { ...config.network, options } })}
                    />
                  )}
                </Stack>
              </Accordion.Panel>
            </Accordion.Item>
            <AdvancedFields config={config} onChange={set} />
          </Accordion>
        </Stack>
      </ScrollArea>
      <Group
        component="footer"
        px="lg"
        py="sm"
        gap="md"
        wrap="nowrap"
        className="panel"
        style={{ borderTop: '1px solid var(--line)' }}
      >
        <EstimatePanel config={config} disabled={missing} />
        {onBack && (
          <Button variant="subtle" color="gray" style={{ flexShrink: 0 }} onClick={onBack}>
            {t('train.otherPreset')}
          </Button>
        )}
        <Button style={{ flexShrink: 0 }} onClick={submit} loading={start.isPending} disabled={!config.name || missing}>
          {t(waiting ? 'train.enqueue' : 'train.start')}
        </Button>
      </Group>
    </>
  );
}

/** Switches between the published settings of the method and no MCIR. */
function withMcir(config: RunConfig, on: boolean): RunConfig {
  if (on) return { ...config, mcir: mcirConfig.parse({}) };
  const without = { ...config };
  delete without.mcir;
  return without;
}
