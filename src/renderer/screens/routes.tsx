import {
  IconChartLine,
  IconDatabase,
  IconFlask,
  IconHeartRateMonitor,
  IconPhotoSpark,
  IconStack2,
  IconTable,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { type ScreenId, screenIds } from '../../shared/screens.ts';
import { DatasetsScreen } from './datasets/DatasetsScreen.tsx';
import { ModelsScreen } from './models/ModelsScreen.tsx';
import { RestoreScreen } from './restore/RestoreScreen.tsx';
import { RunsScreen } from './runs/RunsScreen.tsx';
import { SettingsScreen } from './settings/SettingsScreen.tsx';
import { StudiesScreen } from './studies/StudiesScreen.tsx';
import { TrainScreen } from './train/TrainScreen.tsx';

export interface Screen {
  icon: ComponentType<{ size?: number; stroke?: number }>;
  component: ComponentType;
}

/** What each screen shows. The order is that of `screenIds`; titles are `nav.<id>`. */
const shown: Record<ScreenId, Screen> = {
  restore: { icon: IconPhotoSpark, component: RestoreScreen },
  datasets: { icon: IconDatabase, component: DatasetsScreen },
  train: { icon: IconChartLine, component: TrainScreen },
  runs: { icon: IconTable, component: RunsScreen },
  studies: { icon: IconFlask, component: StudiesScreen },
  models: { icon: IconStack2, component: ModelsScreen },
  settings: { icon: IconHeartRateMonitor, component: SettingsScreen },
};

/** The screens in the order of the navigation. */
export const screens: readonly (Screen & { id: ScreenId })[] = screenIds.map((id) => ({ id, ...shown[id] }));
