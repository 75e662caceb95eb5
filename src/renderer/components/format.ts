export const decibels = (psnr: number): string => `${psnr.toFixed(2)} dB`;
export const similarity = (ssim: number): string => ssim.toFixed(4);
/** Binary gigabytes, as memory is sold. */
export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
