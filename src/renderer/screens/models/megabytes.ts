/** `54 MB`: of ten to the sixth, as download pages count. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString(undefined, { maximumFractionDigits: bytes < 1e7 ? 1 : 0 })} MB`;
