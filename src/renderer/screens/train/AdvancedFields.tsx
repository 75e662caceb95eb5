import { NumberInput, Select, SimpleGrid, Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { runConfig, type RunConfig } from '../../../shared/runConfig.ts';
import { Count } from './RunForm.tsx';

const schedules = ['constant', 'cosine', 'multistep'] as const;
const pixelLosses = ['l1', 'charbonnier', 'mse'] as const;

/** What most runs leave as it is. */
export function AdvancedFields({ config, onChange }: { config: RunConfig; onChange: (changed: Partial<RunConfig>) => void }) {
  const { t } = useTranslation();
  const { schedule, loss, data } = config;
  return (
    <SimpleGrid cols={3}>
      <Count label={t('train.validateEvery')} value={config.validateEvery} onChange={(validateEvery) => onChange({ validateEvery })} />
      <Count label={t('train.saveEvery')} value={config.saveEvery} onChange={(saveEvery) => onChange({ saveEvery })} />
      <Count label={t('train.seed')} min={0} value={config.seed} onChange={(seed) => onChange({ seed })} />
      <Select label={t('train.schedule')} data={[...schedules]} value={schedule.type} allowDeselect={false} onChange={(type) => type && onChange({ schedule: { ...schedule, type } })} />
      <Select label={t('train.pixelLoss')} data={[...pixelLosses]} value={loss.pixel.type} allowDeselect={false} onChange={(type) => type && onChange({ loss: { ...loss, pixel: { ...loss.pixel, type } } })} />
      <Select label={t('train.precision')} data={[...runConfig.shape.precision.unwrap().options]} value={config.precision} allowDeselect={false} onChange={(precision) => precision && onChange({ precision })} />
      <NumberInput label={t('train.ema')} value={config.ema} min={0} max={1} step={0.001} onChange={(ema) => typeof ema === 'number' && onChange({ ema })} />
      <NumberInput label={t('train.weightDecay')} value={config.optimiser.weightDecay} min={0} step={0.01} onChange={(weightDecay) => typeof weightDecay === 'number' && onChange({ optimiser: { ...config.optimiser, weightDecay } })} />
      <Count label={t('train.validationCount')} value={data.validation.count} onChange={(count) => onChange({ data: { ...data, validation: { ...data.validation, count } } })} />
      <Switch label={t('train.flip')} checked={data.flip} onChange={(event) => onChange({ data: { ...data, flip: event.currentTarget.checked } })} />
      <Switch label={t('train.rotate')} checked={data.rotate} onChange={(event) => onChange({ data: { ...data, rotate: event.currentTarget.checked } })} />
    </SimpleGrid>
  );
}
