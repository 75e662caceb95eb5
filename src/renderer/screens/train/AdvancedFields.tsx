import { Accordion, Select, SimpleGrid, Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { lossConfig, runConfig, type RunConfig } from '../../../shared/runConfig.ts';
import { Amount, Count } from './fields.tsx';

type FieldsProps = { config: RunConfig; onChange: (changed: Partial<RunConfig>) => void };

const schedules = ['cosine', 'multistep', 'constant'] as const;
/** Names that are the same in every language. */
const pixelLosses = { l1: 'L1', charbonnier: 'Charbonnier', mse: 'MSE', psnr: 'PSNR' } as const;

/** Settings that most runs leave as they are, grouped by topic. */
export function AdvancedFields(props: FieldsProps) {
  const { t } = useTranslation();
  const parts = [
    ['measuring', Measuring],
    ['optimiser', Optimiser],
    ['losses', Losses],
    ['running', Running],
  ] as const;
  return parts.map(([part, Fields]) => (
    <Accordion.Item key={part} value={part}>
      <Accordion.Control>{t(`train.part.${part}`)}</Accordion.Control>
      <Accordion.Panel>
        <SimpleGrid cols={3}>
          <Fields {...props} />
        </SimpleGrid>
      </Accordion.Panel>
    </Accordion.Item>
  ));
}

function Measuring({ config, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const { metrics, data } = config;
  return (
    <>
      <Count
        label={t('train.validateEvery')}
        value={config.validateEvery}
        onChange={(validateEvery) => onChange({ validateEvery })}
      />
      <Count
        label={t('train.validationCount')}
        value={data.validation.count}
        onChange={(count) => onChange({ data: { ...data, validation: { ...data.validation, count } } })}
      />
      <Count
        label={t('train.validationSize')}
        description={t('train.validationSizeHint')}
        min={0}
        value={data.validation.size ?? 0}
        onChange={(size) => onChange({ data: { ...data, validation: withSize(data.validation, size) } })}
      />
      <Select
        label={t('train.channels')}
        data={[
          { value: 'rgb', label: 'RGB' },
          { value: 'y', label: t('train.luma') },
        ]}
        value={metrics.yChannel ? 'y' : 'rgb'}
        allowDeselect={false}
        onChange={(value) => onChange({ metrics: { ...metrics, yChannel: value === 'y' } })}
      />
      <Count
        label={t('train.cropBorder')}
        min={0}
        value={metrics.cropBorder}
        onChange={(cropBorder) => onChange({ metrics: { ...metrics, cropBorder } })}
      />
      <Count
        label={t('train.stopEarly')}
        description={t('train.never0')}
        min={0}
        value={config.stopEarly ?? 0}
        onChange={(stopEarly) => onChange({ stopEarly: stopEarly || undefined })}
      />
    </>
  );
}

function Optimiser({ config, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const { schedule, optimiser } = config;
  const [first, second] = optimiser.betas;
  return (
    <>
      <Select
        label={t('train.schedule')}
        data={schedules.map((value) => ({ value, label: t(`train.schedules.${value}`) }))}
        value={schedule.type}
        allowDeselect={false}
        onChange={(type) => type && onChange({ schedule: { ...schedule, type } })}
      />
      {schedule.type === 'cosine' && (
        <Count
          label={t('train.period')}
          description={t('train.periodHint')}
          min={0}
          value={schedule.period ?? 0}
          onChange={(period) => onChange({ schedule: { ...schedule, period: period || undefined } })}
        />
      )}
      {schedule.type === 'cosine' && (
        <Amount
          label={t('train.lowestRate')}
          value={schedule.minimum}
          step={1e-6}
          onChange={(minimum) => onChange({ schedule: { ...schedule, minimum } })}
        />
      )}
      <Count
        label={t('train.warmup')}
        min={0}
        value={schedule.warmup}
        onChange={(warmup) => onChange({ schedule: { ...schedule, warmup } })}
      />
      <Amount
        label={t('train.weightDecay')}
        value={optimiser.weightDecay}
        step={0.01}
        onChange={(weightDecay) => onChange({ optimiser: { ...optimiser, weightDecay } })}
      />
      <Amount
        label="β₁"
        value={first}
        max={1}
        step={0.01}
        onChange={(beta) => onChange({ optimiser: { ...optimiser, betas: [beta, second] } })}
      />
      <Amount
        label="β₂"
        value={second}
        max={1}
        step={0.01}
        onChange={(beta) => onChange({ optimiser: { ...optimiser, betas: [first, beta] } })}
      />
      <Amount
        label={t('train.clipNorm')}
        description={t('train.never0')}
        value={config.clipNorm ?? 0}
        step={0.05}
        onChange={(clipNorm) => onChange({ clipNorm: clipNorm || undefined })}
      />
      <Amount label={t('train.ema')} value={config.ema} max={1} step={0.001} onChange={(ema) => onChange({ ema })} />
    </>
  );
}

function Losses({ config, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const { loss } = config;
  const contrastive = lossConfig.shape.contrastive.unwrap();
  return (
    <>
      <Select
        label={t('train.pixelLoss')}
        data={Object.entries(pixelLosses).map(([value, label]) => ({
          value: value as keyof typeof pixelLosses,
          label,
        }))}
        value={loss.pixel.type}
        allowDeselect={false}
        onChange={(type) => type && onChange({ loss: { ...loss, pixel: { ...loss.pixel, type } } })}
      />
      <Amount
        label={t('train.pixelWeight')}
        value={loss.pixel.weight}
        step={0.1}
        onChange={(weight) => onChange({ loss: { ...loss, pixel: { ...loss.pixel, weight } } })}
      />
      <Amount
        label={t('train.positive')}
        description={t('train.never0')}
        value={loss.positive?.weight ?? 0}
        step={0.001}
        onChange={(weight) => onChange({ loss: { ...loss, positive: weight > 0 ? { weight } : undefined } })}
      />
      <Select
        label={t('train.contrastive')}
        data={[
          { value: 'none', label: t('train.none') },
          { value: 'cr', label: 'CR (AECR-Net)' },
          { value: 'ccr', label: 'CCR (C2PNet)' },
        ]}
        value={loss.contrastive?.type ?? 'none'}
        allowDeselect={false}
        onChange={(type) =>
          onChange({
            loss: {
              ...loss,
              contrastive: type === 'none' ? undefined : contrastive.parse({ ...loss.contrastive, type }),
            },
          })
        }
      />
      {loss.contrastive && (
        <Amount
          label={t('train.contrastiveWeight')}
          value={loss.contrastive.weight}
          above={0}
          step={0.05}
          onChange={(weight) =>
            loss.contrastive && onChange({ loss: { ...loss, contrastive: { ...loss.contrastive, weight } } })
          }
        />
      )}
    </>
  );
}

function Running({ config, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const { data } = config;
  return (
    <>
      <Count label={t('train.seed')} min={0} value={config.seed} onChange={(seed) => onChange({ seed })} />
      <Count label={t('train.saveEvery')} value={config.saveEvery} onChange={(saveEvery) => onChange({ saveEvery })} />
      <Select
        label={t('train.precision')}
        data={[...runConfig.shape.precision.unwrap().options]}
        value={config.precision}
        allowDeselect={false}
        onChange={(precision) => precision && onChange({ precision })}
      />
      <Switch
        label={t('train.flip')}
        checked={data.flip}
        onChange={(event) => onChange({ data: { ...data, flip: event.currentTarget.checked } })}
      />
      <Switch
        label={t('train.rotate')}
        checked={data.rotate}
        onChange={(event) => onChange({ data: { ...data, rotate: event.currentTarget.checked } })}
      />
      <Switch
        label={t('train.compile')}
        checked={config.compile}
        onChange={(event) => onChange({ compile: event.currentTarget.checked })}
      />
    </>
  );
}

/** 0 validates whole pictures; squares smaller than 16 pixels are useless. */
function withSize(validation: RunConfig['data']['validation'], size: number): RunConfig['data']['validation'] {
  const whole = { ...validation };
  delete whole.size;
  return size === 0 ? whole : { ...whole, size: Math.max(16, size) };
}
