import { i18n } from '../i18n/index.ts';

export const decibels = (psnr: number): string => `${psnr.toFixed(2)} dB`;
export const similarity = (ssim: number): string => ssim.toFixed(4);
/** Binary gigabytes, as memory is sold. */
export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
/** `12,345`, as the language of the window groups digits. */
export const grouped = (number: number): string => number.toLocaleString(i18n.language);
