import { InvalidArgumentError } from 'commander';

/** Parsers for numbers in options. @throws InvalidArgumentError, to which commander adds the option's name */

export const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('This is not a number.');
  return value;
};

/** From 0 to 100, returned in [0,1]. */
export const percent = (text: string): number => {
  const value = number(text);
  if (value < 0 || value > 100) throw new InvalidArgumentError('Give a number from 0 to 100.');
  return value / 100;
};

/** A whole number from `least` to `most`. */
export const wholeNumber =
  (least: number, most = Infinity) =>
  (text: string): number => {
    const value = number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least}${most === Infinity ? '' : ` to ${most}`}.`);
    return value;
  };
