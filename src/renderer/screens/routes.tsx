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
import { DatasetsScreen } from './datasets/DatasetsScreen.tsx';
import { ModelsScreen } from './models/ModelsScreen.tsx';
import { RestoreScreen } from './restore/RestoreScreen.tsx';
import { RunsScreen } from './runs/RunsScreen.tsx';
import { SettingsScreen } from './settings/SettingsScreen.tsx';
import { StudiesScreen } from './studies/StudiesScreen.tsx';
import { TrainScreen } from './train/TrainScreen.tsx';

export interface Screen {
  id: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  component: ComponentType;
}

/** The screens in the order of the navigation. Each digit key opens one. Titles are `nav.<id>`. */
export const screens: readonly Screen[] = [
  { id: 'restore', icon: IconPhotoSpark, component: RestoreScreen },
  { id: 'datasets', icon: IconDatabase, component: DatasetsScreen },
  { id: 'train', icon: IconChartLine, component: TrainScreen },
  { id: 'runs', icon: IconTable, component: RunsScreen },
  { id: 'studies', icon: IconFlask, component: StudiesScreen },
  { id: 'models', icon: IconStack2, component: ModelsScreen },
  { id: 'settings', icon: IconHeartRateMonitor, component: SettingsScreen },
];
