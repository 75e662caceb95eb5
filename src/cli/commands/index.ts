import type { Register } from '../context.ts';
import { registerData } from './data.ts';
import { registerDoctor } from './doctor.ts';
import { registerFeatures } from './features.ts';
import { registerModels } from './models.ts';
import { registerNetworks } from './networks.ts';

/** Every command, in the order of the help. */
export const commands: readonly Register[] = [registerDoctor, registerNetworks, registerModels, registerFeatures, registerData];
