/**
 * Dates as the program shows them everywhere, in the window, in the terminal and in reports: `2026-11-25 20:03`, in
 * local time and the same in every language.
 */
export const dateTime = (at: number): string => onTheWall(at).slice(0, 16).replace('T', ' ');

/** `2026-11-25` */
export const date = (at: number): string => onTheWall(at).slice(0, 10);

/** `2026-11-25-20-03-17`, for file names. */
export const fileDate = (at: number): string => onTheWall(at).slice(0, 19).replace(/[T:]/g, '-');

/** The time zone, such as `Asia/Shanghai`, for reports that are read elsewhere. */
export const timeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

const onTheWall = (at: number): string => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
