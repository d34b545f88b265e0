import { InvalidArgumentError } from 'commander';

/** Returns a parser for an integer within bounds. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It is not an integer from ${min} to ${max}.`);
  };
}
