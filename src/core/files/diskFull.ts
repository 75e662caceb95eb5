/**
 * Messages of the operating system and libvips when there is no space to write. libvips reports the system's reason in
 * a later line, and no reason at all if it writes in its own thread (`wbuffer_write: write failed`), so the whole
 * message must be checked.
 */
export const saysDiskFull = (message: string): boolean =>
  /ENOSPC|EDQUOT|no space left|no room left|write error|write failed|unable to write/i.test(message);
