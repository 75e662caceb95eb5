import { useTranslation } from 'react-i18next';
import { useState } from 'react';
import type { RunConfig } from '../../../shared/runConfig.ts';
import { useCall } from '../../api/hooks.ts';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Loaded } from '../../components/States.tsx';
import { useRoute } from '../../route.ts';
import { PresetList } from './PresetList.tsx';
import { RunForm } from './RunForm.tsx';

/** Sets up a training: from a preset (or a data set or an earlier run, by address) to a form to a run. */
export function TrainScreen() {
  const { t } = useTranslation();
  const { item = '' } = useRoute();
  const [chosen, setChosen] = useState<RunConfig>();
  const [kind, id] = item.split(':');
  const datasets = useCall('datasets.list', {});
  const dataset = kind === 'data' ? datasets.data?.find((candidate) => candidate.id === id) : undefined;
  const earlier = useCall('runs.show', { run: id ?? '' }, { enabled: kind === 'run' && id !== undefined });
  const presets = useCall('presets.list', {});
  const start = kind === 'run' ? earlier.data?.settings : chosen;

  return (
    <ScreenFrame title={start ? start.name : t('nav.train')} subtitle={start ? undefined : t('train.subtitle')}>
      {start ? (
        <RunForm key={item} initial={start} dataset={dataset} onBack={kind === 'run' ? undefined : () => setChosen(undefined)} />
      ) : (
        <Loaded query={presets}>{(list) => <PresetList presets={list} onChoose={setChosen} />}</Loaded>
      )}
    </ScreenFrame>
  );
}
