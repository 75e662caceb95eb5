/** Endings of the files that can be chosen, without the dot, in lower case. */
export const pictureEndings = ['jpg', 'jpeg', 'png', 'tif', 'tiff', 'webp', 'avif', 'gif'];
export const weightEndings = ['safetensors', 'pth', 'pt', 'ckpt', 'onnx', 'json'];
export const studyEndings = ['yml', 'yaml'];

/** Whether a file's name is that of a picture. */
export const isPictureName = (name: string): boolean =>
  pictureEndings.includes(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
