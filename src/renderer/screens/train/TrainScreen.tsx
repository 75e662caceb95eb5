import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AppError } from '../../../shared/errors.ts';
import type { RunConfig } from '../../../shared/runConfig.ts';
import { call } from '../../api/client.ts';
import { useCall } from '../../api/hooks.ts';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Loaded } from '../../components/States.tsx';
import { i18n } from '../../i18n/index.ts';
import { told } from '../../i18n/told.ts';
import { go, useRoute } from '../../route.ts';
import { PresetList } from './PresetList.tsx';
import { RunForm } from './RunForm.tsx';

/**
 * Sets up a training. The address says where to start: `data:ID` is a data set (its preset is chosen next), `run:ID`
 * the settings of an earlier run (`run:ID:batch` or `:patch` with half of that value), `model:ID` the weights of a
 * model.
 */
export function TrainScreen() {
  const { t } = useTranslation();
  const { item = '' } = useRoute();
  const [chosen, setChosen] = useState<RunConfig>();
  const [kind, id = '', half] = item.split(':');
  const datasets = useCall('datasets.list', {});
  const presets = useCall('presets.list', {});
  const dataset = kind === 'data' ? datasets.data?.find((candidate) => candidate.id === id) : undefined;
  const given = kind === 'run' || kind === 'model';
  const start = useQuery({
    queryKey: ['training start', item],
    queryFn: async () =>
      kind === 'model' ? call('training.retrain', { model: id }) : halved(await settingsOf(id), half),
    enabled: given,
  });

  if (given) {
    return (
      <ScreenFrame title={start.data?.name ?? t('nav.train')}>
        <Loaded query={start}>
          {(config) => <RunForm key={item} initial={config} dataset={undefined} onBack={() => go('train')} />}
        </Loaded>
      </ScreenFrame>
    );
  }
  const subtitle = dataset ? t('train.subtitleData', { name: dataset.name }) : t('train.subtitle');
  return (
    <ScreenFrame title={chosen ? chosen.name : t('nav.train')} subtitle={chosen ? undefined : subtitle}>
      {chosen ? (
        <RunForm key={item} initial={chosen} dataset={dataset} onBack={() => setChosen(undefined)} />
      ) : (
        <Loaded query={presets}>{(list) => <PresetList presets={list} onChoose={setChosen} />}</Loaded>
      )}
    </ScreenFrame>
  );
}

/** @throws AppError why the settings of the run cannot be read */
async function settingsOf(run: string): Promise<RunConfig> {
  const { settings, problem = '' } = await call('runs.show', { run });
  if (!settings) throw new AppError('bad-input', told(i18n.language, problem));
  return settings;
}

/** Halves the batch or the patch size, for a run that ran out of memory. */
function halved(config: RunConfig, what: string | undefined): RunConfig {
  const { batch, patch } = config.data;
  if (what === 'batch') return { ...config, data: { ...config.data, batch: Math.ceil(batch / 2) } };
  return what === 'patch' ? { ...config, data: { ...config.data, patch: Math.max(8, Math.floor(patch / 2)) } } : config;
}
