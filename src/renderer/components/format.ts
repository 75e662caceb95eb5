import { i18n } from '../i18n/index.ts';

export const decibels = (psnr: number): string => `${psnr.toFixed(2)} dB`;
export const similarity = (ssim: number): string => ssim.toFixed(4);
/** Binary gigabytes, as memory sizes are given. */
export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
/** `12,345`: digits grouped as usual in the language of the window. */
export const grouped = (number: number): string => number.toLocaleString(i18n.language);
