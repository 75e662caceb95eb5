import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RunConfig } from '../../../shared/runConfig.ts';
import { useCall } from '../../api/hooks.ts';

const random = ' random';

/** The starting weights: random ones from the seed, or those of a model or run with the same network. */
export function StartWeights({
  network,
  onChange,
}: {
  network: RunConfig['network'];
  onChange: (network: RunConfig['network']) => void;
}) {
  const { t } = useTranslation();
  const models = useCall('models.list', {});
  const registry = useCall('registry.networks', {});
  const title = registry.data?.find(({ id }) => id === network.type)?.title;
  const fitting = models.data?.filter((model) => model.network === network.type || model.network === title) ?? [];
  const known = fitting.map(({ id, title: name, run }) => ({
    value: id,
    label: run === undefined ? name : t('train.fromRun', { name, run }),
  }));
  const own = network.weights;
  const listed =
    own === undefined || known.some(({ value }) => value === own) ? known : [{ value: own, label: own }, ...known];
  const choose = (value: string | null): void => {
    const rest = { ...network };
    delete rest.weights;
    onChange(value === null || value === random ? rest : { ...rest, weights: value });
  };
  return (
    <Select
      label={t('train.weights')}
      description={own === undefined ? undefined : t('train.weightsHint')}
      inputWrapperOrder={['label', 'input', 'description']}
      data={[{ value: random, label: t('train.randomWeights') }, ...listed]}
      value={own ?? random}
      allowDeselect={false}
      onChange={choose}
    />
  );
}
