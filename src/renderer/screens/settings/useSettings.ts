import { useQueryClient } from '@tanstack/react-query';
import type { SettingsChange } from '../../../shared/settings.ts';
import { useAction, useCall } from '../../api/hooks.ts';

/** The saved settings, and a way to change some of them that takes effect at once. */
export function useSettings() {
  const client = useQueryClient();
  const { data } = useCall('app.settings', {});
  const action = useAction('app.change');
  const change = (some: SettingsChange): void =>
    action.mutate(some, { onSuccess: (next) => client.setQueryData(['app.settings', {}], next) });
  return { settings: data, change };
}
