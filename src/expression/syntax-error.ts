import { errorMessage } from '../errors.ts';
import { quoted } from './expression-error.ts';
import { findSlip } from './slips.ts';

/** Describes a mistake in an expression, with its position. An expression is configuration, so it is quoted in full. */
export function toSyntaxError(text: string, thrown: unknown): SyntaxError {
  const { message, position } = thrown as { message?: unknown; position?: unknown };
  const what = thrown instanceof Error ? errorMessage(thrown) : String(message);
  const where = typeof position === 'number' ? `, at ${placeOf(text, position)}` : '';
  const slip = typeof position === 'number' ? findSlip(text, position) : undefined;
  const said = slip !== undefined && !(thrown instanceof Error) ? `${slip}. JSONata says: ${what}` : what;
  const sentence = said.endsWith('.') ? said : `${said}.`;
  return new SyntaxError(`The expression ${quoted(text)} is not valid${where}: ${sentence}`, {
    cause: thrown instanceof Error ? thrown : new Error(what),
  });
}

const shownLength = 20;

/** Describes a position. JSONata's positions are behind the token in question. */
function placeOf(text: string, position: number): string {
  const before = text.slice(0, position);
  const lines = before.split('\n');
  const column = lines.at(-1)?.length ?? 0;
  const place = lines.length === 1 ? `character ${column}` : `line ${lines.length}, character ${column}`;
  const shown = (lines.at(-1) ?? '').trimStart().slice(-shownLength);
  return shown === '' ? place : `${place}, after "${shown}"`;
}
