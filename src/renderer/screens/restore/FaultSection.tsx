import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { faults } from '../../../shared/faults.ts';
import { useCall } from '../../api/hooks.ts';
import { PresetMenu } from './PresetMenu.tsx';
import { RemedyCard } from './RemedyCard.tsx';
import { StrengthSlider } from './StrengthSlider.tsx';
import { useLookedAt } from './useLookedAt.ts';
import { useTreatment } from './useTreatment.ts';

/** The first question: what is wrong with the photo. Faults that the program has detected come first. */
export function FaultSection() {
  const { t } = useTranslation();
  const picture = useLookedAt();
  const look = useCall(
    'restore.look',
    { picture: picture?.id ?? '' },
    { enabled: picture !== undefined, silent: true, staleTime: Infinity },
  );
  const treatment = useTreatment();
  const likely = look.data?.likely ?? [];
  const ordered = [...likely, ...faults.filter((fault) => !likely.includes(fault))];
  const seen = look.isSuccess ? t(likely.length > 0 ? 'fault.suggested' : 'fault.nothingSeen') : t('fault.hint');
  return (
    <Stack gap="sm">
      <Text size="xs" c="dimmed" role="status">
        {look.isLoading ? t('fault.looking') : seen}
      </Text>
      <div role="group" aria-label={t('fault.question')} className="faults">
        {ordered.map((fault) => (
          <button
            key={fault}
            type="button"
            className="fault"
            aria-pressed={treatment.isTreated(fault)}
            data-likely={likely.includes(fault)}
            // In a moment they may have another order.
            disabled={look.isLoading || treatment.remedies.length === 0}
            onClick={() => treatment.toggle(fault)}
          >
            {t(`fault.${fault}`)}
            {likely.includes(fault) && <small>{t('fault.likely')}</small>}
          </button>
        ))}
      </div>
      {treatment.treated.map(({ fault, remedy }) => (
        <RemedyCard key={fault} remedy={remedy} treatment={treatment} />
      ))}
      <PresetMenu treatOnly={treatment.treatOnly} />
      <StrengthSlider />
    </Stack>
  );
}
