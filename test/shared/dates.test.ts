import { afterEach, expect, test, vi } from 'vitest';
import { nameParts } from '../../src/services/restoring/naming.ts';
import { date, dateTime, fileDate, timeZone } from '../../src/shared/dates.ts';

afterEach(() => vi.unstubAllEnvs());

test.each([
  ['America/New_York', '2026-11-24', '22:45', '22-45-07'],
  ['Asia/Shanghai', '2026-11-25', '11:45', '11-45-07'],
])('by the clock on the wall, in %s', (zone, day, minute, second) => {
  vi.stubEnv('TZ', zone);
  const at = Date.UTC(2026, 10, 25, 3, 45, 7);
  expect([date(at), dateTime(at), fileDate(at)]).toEqual([day, `${day} ${minute}`, `${day}-${second}`]);
  expect(timeZone()).toBe(zone);
  expect(nameParts('a.jpg', { model: 'm', scale: 1, number: 1, now: at }).date).toBe(day);
});
