/** Extensions of RAW files, without the dot, in lower case. */
export const rawEndings = [
  ...['3fr', 'arw', 'cr2', 'cr3', 'crw', 'dcr', 'dng', 'erf', 'fff', 'iiq', 'k25', 'kdc', 'mef', 'mos', 'mrw', 'nef'],
  ...['nrw', 'orf', 'pef', 'raf', 'raw', 'rw2', 'rwl', 'sr2', 'srf', 'srw', 'x3f'],
];
/** Extensions of pictures that sharp does not read, and that are translated first (core/pictures/translate). */
const translatedEndings = ['heic', 'heif', 'hif', 'jxl', 'jp2', 'j2k', 'jpf', 'jpx', 'psd', 'psb', ...rawEndings];

/** Extensions of the files that can be chosen, without the dot, in lower case. */
export const pictureEndings = [...['jpg', 'jpeg', 'png', 'tif', 'tiff', 'webp', 'avif', 'gif'], ...translatedEndings];
export const weightEndings = ['safetensors', 'pth', 'pt', 'ckpt', 'onnx', 'json'];
export const studyEndings = ['yml', 'yaml'];

/** The extension of a file's name, without the dot, in lower case. */
export const endingOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1).toLowerCase();

/** Whether a file name is that of a picture. */
export const isPictureName = (name: string): boolean => pictureEndings.includes(endingOf(name));

/** Whether a file name is that of a picture that is translated first. Data sets do not hold such files. */
export const isTranslatedName = (name: string): boolean => translatedEndings.includes(endingOf(name));

/** Whether a file name is that of a RAW file. */
export const isRawName = (name: string): boolean => rawEndings.includes(endingOf(name));
