import { Accordion, Button, Group, NumberInput, Paper, ScrollArea, Select, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dataset } from '../../../shared/contract/datasets.ts';
import { mcirConfig, type RunConfig } from '../../../shared/runConfig.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { SchemaForm } from '../../components/SchemaForm.tsx';
import { go } from '../../route.ts';
import { NegativesEditor } from './NegativesEditor.tsx';
import { AdvancedFields } from './AdvancedFields.tsx';

/** A data set as the `train` part of a configuration. */
const asSource = ({ target, input, degradations }: Dataset) => ({ target, degradations, ...(input === undefined ? {} : { input }) });

/** The form of a run: what matters first, the rest folded away. */
export function RunForm({ initial, dataset, onBack }: { initial: RunConfig; dataset: Dataset | undefined; onBack: (() => void) | undefined }) {
  const { t } = useTranslation();
  const datasets = useCall('datasets.list', {});
  const networks = useCall('registry.networks', {});
  const start = useAction('training.start', ['runs.list']);
  const [config, setConfig] = useState<RunConfig>(() => (dataset ? { ...initial, data: { ...initial.data, train: asSource(dataset) } } : initial));
  const set = (changed: Partial<RunConfig>) => setConfig({ ...config, ...changed });
  const chosen = datasets.data?.find((candidate) => candidate.target === config.data.train.target && candidate.input === config.data.train.input);
  const network = networks.data?.find(({ id }) => id === config.network.type);

  const choose = (id: string): void => {
    const found = datasets.data?.find((candidate) => candidate.id === id);
    if (found) set({ data: { ...config.data, train: asSource(found) } });
  };
  const submit = (): void => start.mutate({ config }, { onSuccess: (run) => go('runs', run.id) });

  return (
    <ScrollArea flex={1}>
      <Stack p="lg" gap="lg" maw={980}>
        <SimpleGrid cols={2}>
          <TextInput label={t('train.name')} value={config.name} onChange={(event) => set({ name: event.currentTarget.value })} maxLength={120} />
          <Select
            label={t('train.data')}
            placeholder={config.data.train.target}
            description={chosen ? undefined : t('train.dataHint')}
            inputWrapperOrder={['label', 'input', 'description']}
            data={datasets.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
            value={chosen?.id ?? null}
            onChange={(id) => id && choose(id)}
          />
        </SimpleGrid>
        <SimpleGrid cols={4}>
          <Count label={t('train.steps')} value={config.steps} onChange={(steps) => set({ steps })} />
          <Count label={t('train.batch')} value={config.data.batch} max={256} onChange={(batch) => set({ data: { ...config.data, batch } })} />
          <Count label={t('train.patch')} value={config.data.patch} min={8} max={1024} onChange={(patch) => set({ data: { ...config.data, patch } })} />
          <NumberInput label={t('train.rate')} value={config.optimiser.lr} min={0} step={0.0001} decimalScale={8} onChange={(lr) => typeof lr === 'number' && lr > 0 && set({ optimiser: { ...config.optimiser, lr } })} />
        </SimpleGrid>
        <Section title={t('train.mcir')} text={t('train.mcirText')} side={<Switch aria-label={t('train.mcir')} checked={config.mcir !== undefined} onChange={(event) => setConfig(withMcir(config, event.currentTarget.checked))} />}>
          {config.mcir && <NegativesEditor mcir={config.mcir} steps={config.steps} onChange={(mcir) => set({ mcir })} />}
        </Section>
        <Accordion variant="contained" multiple>
          <Accordion.Item value="network">
            <Accordion.Control>{t('train.network', { network: network?.title ?? config.network.type })}</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                <Select
                  size="xs"
                  label={t('train.networkType')}
                  description={network?.description}
                  data={networks.data?.map(({ id, title }) => ({ value: id, label: title })) ?? []}
                  value={config.network.type}
                  allowDeselect={false}
                  onChange={(type) => type && set({ network: { type, options: {} } })}
                />
                {network && <SchemaForm schema={network.schema} values={config.network.options} onChange={(options) => set({ network: { ...config.network, options } })} />}
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
          <Accordion.Item value="advanced">
            <Accordion.Control>{t('train.advanced')}</Accordion.Control>
            <Accordion.Panel>
              <AdvancedFields config={config} onChange={set} />
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        <Group justify="flex-end">
          {onBack && (
            <Button variant="default" onClick={onBack}>
              {t('train.otherPreset')}
            </Button>
          )}
          <Button onClick={submit} loading={start.isPending} disabled={!config.name}>
            {t('train.start')}
          </Button>
        </Group>
      </Stack>
    </ScrollArea>
  );
}

/** With the published settings of the method, or without it. */
function withMcir(config: RunConfig, on: boolean): RunConfig {
  if (on) return { ...config, mcir: mcirConfig.parse({}) };
  const without = { ...config };
  delete without.mcir;
  return without;
}

export function Count({ label, value, min = 1, max = 10_000_000, onChange }: { label: string; value: number; min?: number; max?: number; onChange: (value: number) => void }) {
  return <NumberInput label={label} value={value} min={min} max={max} allowDecimal={false} thousandSeparator=" " onChange={(next) => typeof next === 'number' && next >= min && onChange(next)} />;
}

function Section({ title, text, side, children }: { title: string; text: string; side: ReactNode; children: ReactNode }) {
  return (
    <Paper withBorder p="md" className="panel">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Text fw={600}>{title}</Text>
          <Text size="sm" c="dimmed">
            {text}
          </Text>
        </div>
        {side}
      </Group>
      {children}
    </Paper>
  );
}
