import { InvalidArgumentError } from 'commander';

/** Numbers as they are typed in options; @throws InvalidArgumentError, which commander puts into a sentence with the option's name. */

export const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('This is not a number.');
  return value;
};

/** From 0 to 100, given in [0,1]. */
export const percent = (text: string): number => {
  const value = number(text);
  if (value < 0 || value > 100) throw new InvalidArgumentError('Give a number from 0 to 100.');
  return value / 100;
};

/** A whole number of at least `least`, and at most `most`. */
export const wholeNumber =
  (least: number, most = Infinity) =>
  (text: string): number => {
    const value = number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least}${most === Infinity ? '' : ` to ${most}`}.`);
    return value;
  };
