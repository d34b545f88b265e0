import { fileURLToPath } from 'node:url';
import { errorText, stackOf } from '../text/error-chain.ts';

/**
 * Describes why a file of a user cannot be loaded: what was thrown, and the line that threw it. The line is in many
 * cases one of a file that the named file imports.
 *
 * @param file its absolute path
 * @param error what `importModule` threw
 */
export function describeLoadFailure(file: string, error: unknown): string {
  const text = errorText(error);
  const place = placeOf(error);
  if (place === undefined || text.includes(place)) return text;
  // Such an error of the named file was thrown on purpose, and says what is wrong.
  const isOnPurpose = isPlainError(error) && place.startsWith(`${file}:`);
  return isOnPurpose ? text : `${text}, at ${place}`;
}

function isPlainError(error: unknown): boolean {
  return error instanceof Error && Object.getPrototypeOf(error) === Error.prototype;
}

/** `/path/of/file.ts:3`, the position as it stands in a frame, or in the first line that Node puts before a SyntaxError. */
const position = /(?:file:\/\/)?\/[^\n()]*?:\d+(?=:\d+\)?$|$)/m;

/** The files that load those of a user: what called them has no part in the failure. */
const loader = /\/config\/(import-module|load-handlers|file)\.[jt]s:/;
const ownFolder = fileURLToPath(new URL('../', import.meta.url));

/** Returns the line of the user's code that threw, or undefined where the error does not say. */
function placeOf(error: unknown): string | undefined {
  const { head, frames } = stackOf(error);
  const [first = ''] = head.split('\n');
  const lines = [/^(file:\/\/)?\/.*:\d+$/.test(first) ? first : '', ...frames.split('\n')];
  const end = lines.findIndex((line) => line.includes(ownFolder) && loader.test(line));
  const places = lines.slice(0, end === -1 ? undefined : end).map((line) => pathOf(position.exec(line)?.[0]));
  return places.find((place) => place !== undefined && !isOfLibrary(place));
}

function pathOf(place: string | undefined): string | undefined {
  if (!place?.startsWith('file://')) return place;
  try {
    return fileURLToPath(place);
  } catch {
    return undefined;
  }
}

function isOfLibrary(place: string): boolean {
  return place.startsWith(ownFolder) || place.includes('/node_modules/');
}
