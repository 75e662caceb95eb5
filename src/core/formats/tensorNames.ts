import { AppError } from '../../shared/errors.ts';

/** The largest published networks have some thousand tensors, whose names have up to 100 characters and a dozen parts. */
const MAX_TENSORS = 100_000;
const MAX_NAME = 500;
const MAX_PARTS = 50;

/** @throws AppError `bad-input` where there are more tensors, or longer or deeper names, than networks have */
export function checkTensorNames(names: Iterable<string>): void {
  let count = 0;
  for (const name of names) {
    if (++count > MAX_TENSORS) throw unlike(`more than ${MAX_TENSORS} tensors`);
    if (name.length > MAX_NAME) throw unlike(`a name of ${name.length} characters`);
    if (name.split('.', MAX_PARTS + 1).length > MAX_PARTS) throw unlike(`a name of more than ${MAX_PARTS} parts`);
  }
}

const unlike = (what: string): AppError =>
  new AppError('bad-input', `This file has ${what}, which no network has. Download or copy the file again.`);
