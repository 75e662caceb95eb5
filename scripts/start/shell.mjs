/** Why Electron's window cannot open on this machine for this user, as a sentence; undefined if it can. */
export function whyInBrowser({ platform = process.platform, env = process.env, user = process.getuid?.() } = {}) {
  if (platform !== 'linux') return undefined;
  if (user === 0) return "Electron's sandbox does not start for root.";
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return 'There is no desktop here for a window.';
  return undefined;
}
