/**
 * Dates as the program tells them everywhere, in the window, at the terminal and in reports: `2026-11-25 20:03`, by the clock
 * on the wall, the same in every language.
 */
export const dateTime = (at: number): string => onTheWall(at).slice(0, 16).replace('T', ' ');

/** `2026-11-25` */
export const date = (at: number): string => onTheWall(at).slice(0, 10);

/** `2026-11-25-20-03-17`, for the names of files. */
export const fileDate = (at: number): string => onTheWall(at).slice(0, 19).replace(/[T:]/g, '-');

/** Whose clock that is, as `Asia/Shanghai`: for what is read elsewhere. */
export const timeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

const onTheWall = (at: number): string => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
