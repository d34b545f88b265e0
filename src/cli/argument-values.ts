import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { assertSendOptions } from '../bus/send-options.ts';
import { sendableMediaType } from '../conversion/sendable-media-type.ts';
import { decodeCursor } from '../dead-letter/dead-letter-cursor.ts';
import { isLittoralError } from '../errors.ts';
import { validateKey } from '../message/routing-key.ts';

// These functions parse the value of an argument or an option. For a value that is not valid they throw
// InvalidArgumentError: commander then names the argument, and the process ends with the exit code of wrong usage.

/** Parses a text that must not be empty, as the value of an unset shell variable is. */
export function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** Parses the path of a file that is read. */
export function existingFile(path: string): string {
  const stats = statSync(nonEmpty(path), { throwIfNoEntry: false });
  if (stats === undefined) throw new InvalidArgumentError(`The file ${resolve(path)} does not exist.`);
  if (stats.isDirectory()) throw new InvalidArgumentError(`${resolve(path)} is a directory; name a file in it.`);
  return path;
}

/** Parses the path of a batch, or - for standard input. */
export function batchFile(path: string): string {
  return path === '-' ? path : existingFile(path);
}

/** Parses a routing key or the name of a destination. */
export function key(text: string): string {
  const issue = validateKey(text);
  if (issue !== undefined) throw new InvalidArgumentError(`It ${issue}.`);
  return text;
}

/** Parses the id of a message. */
export const messageId = checked((id) => assertSendOptions({ id }));

/** Parses a correlation id. */
export const correlationId = checked((id) => assertSendOptions({ correlationId: id }));

/** Parses the media type of a payload. */
export const mediaType = checked(sendableMediaType);

/** Parses the cursor of a page of dead letters. */
export const cursor = checked(decodeCursor);

/** Returns a parser that keeps a text for which a check does not throw. */
function checked(check: (text: string) => unknown): (text: string) => string {
  return (text) => {
    try {
      check(nonEmpty(text));
    } catch (error) {
      throw isLittoralError(error) ? new InvalidArgumentError(error.message) : error;
    }
    return text;
  };
}
