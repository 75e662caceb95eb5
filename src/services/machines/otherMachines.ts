import type { SettingsRepository } from '../../database/settingsRepository.ts';
import { AppError } from '../../shared/errors.ts';
import type { OtherMachines, Travel } from '../../shared/travel.ts';

/** The other machines in the settings. @throws AppError `conflict` if there are none */
export function requireMachines(settings: SettingsRepository): OtherMachines {
  const { machines } = settings.read();
  if (machines) return machines;
  throw new AppError('conflict', 'No other machines are set up. Name their queue under Settings.');
}

/** How the trainings of a study reach these machines: through the first of the shared folders. */
export function travelOfTrainings({ queue, roots }: OtherMachines): Travel {
  const [root = ''] = Object.keys(roots);
  return { queue, roots, place: { root, path: '' } };
}
