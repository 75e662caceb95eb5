/**
 * What the system and libvips say where there is no room to write. libvips tells the system's reason in a later line, and none
 * at all where it writes in a thread of its own (`wbuffer_write: write failed`), so the whole message has to be looked at.
 */
export const saysDiskFull = (message: string): boolean =>
  /ENOSPC|EDQUOT|no space left|no room left|write error|write failed|unable to write/i.test(message);
