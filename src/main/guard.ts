/** Address of the page. Its own scheme, so that nothing else can imitate it. */
export const pageOrigin = 'mcir://studio';

/** Whether a frame may make calls: only the top frame of our own page. */
export function isOwnFrame(frame: { url: string; parent: unknown } | null): boolean {
  return frame !== null && frame.parent === null && isOwnUrl(frame.url);
}

/**
 * The only permission of Electron that the page needs: copying text, which a browser allows every page after a click.
 */
export const mayUse = (permission: string, url: string): boolean =>
  permission === 'clipboard-sanitized-write' && isOwnUrl(url);

export function isOwnUrl(url: string): boolean {
  return url === pageOrigin || url.startsWith(`${pageOrigin}/`);
}
