import { describe } from 'vitest';
import { lifeOfAProject } from './lifeOfAProject.ts';
import { chromiumPath, openStudio } from './studio.ts';

describe.skipIf(!chromiumPath)('the studio in Chromium (needs chromium)', () => lifeOfAProject(openStudio));
