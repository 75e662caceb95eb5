import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ThumbnailStore } from '../../src/database/thumbnailStore.ts';
import { openHome } from '../../src/services/app/home.ts';
import { lastLines, logFile, openLog } from '../../src/services/app/log.ts';
import { temporaryFolder } from '../photographs.ts';

const root = temporaryFolder();

// Without the protection the process waits for the pipe, for ever.
describe.runIf(process.platform === 'linux')('a pipe in the place of', () => {
  it('the log is not written to and not read', () => {
    const home = openHome(join(root, 'home'));
    execFileSync('mkfifo', [logFile(home)]);
    openLog(home).error('nobody hears it');
    expect(lastLines(home, 10)).toEqual([]);
  });

  it('the thumbnails leaves them in memory', () => {
    mkdirSync(join(root, 'cache'));
    const file = join(root, 'cache', 'thumbnails.sqlite');
    execFileSync('mkfifo', [file]);
    const store = new ThumbnailStore(file);
    store.keep('a', Buffer.from('small'));
    expect(store.find('a')?.toString()).toBe('small');
    store.close();
  });
});
