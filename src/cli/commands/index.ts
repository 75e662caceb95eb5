import type { Register } from '../context.ts';
import { registerData } from './data.ts';
import { registerDoctor } from './doctor.ts';
import { registerNetworks } from './networks.ts';

/** Every command, in the order of the help. */
export const commands: readonly Register[] = [registerDoctor, registerNetworks, registerData];
