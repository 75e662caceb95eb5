/** The page's own address; a scheme of its own, so that nothing else can pretend to be it. */
export const pageOrigin = 'mcir://studio';

/** Whether a frame may call: the top frame of our own page, nothing else. */
export function isOwnFrame(frame: { url: string; parent: unknown } | null): boolean {
  return frame !== null && frame.parent === null && isOwnUrl(frame.url);
}

/** Of all that pages can ask of Electron ours needs one: copying text, as a browser lets every page do after a click. */
export const mayUse = (permission: string, url: string): boolean =>
  permission === 'clipboard-sanitized-write' && isOwnUrl(url);

export function isOwnUrl(url: string): boolean {
  return url === pageOrigin || url.startsWith(`${pageOrigin}/`);
}
