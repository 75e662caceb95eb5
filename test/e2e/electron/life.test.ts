import { describe } from 'vitest';
import { lifeOfAProject } from '../lifeOfAProject.ts';
import { openElectron } from './openElectron.ts';

describe('the studio in Electron', () => lifeOfAProject(() => openElectron()));
