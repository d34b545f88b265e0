import { InvalidArgumentError } from 'commander';

/** The headers of a message from the options `--header name:value`. */
export type HeaderArguments = ReadonlyMap<string, string>;

/** Adds one `name:value` to the earlier headers, without the white space around the name and the value. */
export function headerArgument(text: string, earlier: HeaderArguments = new Map()): HeaderArguments {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon)).trim();
  if (name === '') throw new InvalidArgumentError('Write it as name:value.');
  if (earlier.has(name)) throw new InvalidArgumentError(`The header '${name}' is given twice.`);
  return new Map([...earlier, [name, text.slice(colon + 1).trim()]]);
}
