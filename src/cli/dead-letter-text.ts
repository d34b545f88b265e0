import type { DeadLetterPage } from '../dead-letter/dead-letter-page.ts';
import type { DeadLetterDetails, DeadLetterSummary } from '../dead-letter/dead-letter-view.ts';
import { printable, printableJson, printableLines } from './printable.ts';
import { table } from './table.ts';

const head = ['ID', 'WHEN', 'ROUTING KEY', 'ENDPOINT', 'ERROR'];
const maxErrorLength = 80;

/** Formats a page as a table, with the option for the next page. */
export function pageText({ items, next, total, fault }: DeadLetterPage): string {
  if (total === 1) return 'The only dead letter does not match.\n';
  if (total !== undefined) return `None of the ${total} dead letters matches.\n`;
  if (items.length === 0) return 'No dead letters.\n';
  const rows = items.map((item) => {
    const { id, deadLetteredAt = '', routingKey = '', endpoint = '' } = item;
    return [id, deadLetteredAt, routingKey, endpoint, errorText(item)].map(printable);
  });
  const more = next === null ? '' : `\nNext page: --after ${next}\n`;
  return table([head, ...rows]) + more + (fault === undefined ? '' : `\n${printable(fault)}\n`);
}

function errorText({ error, reason = '' }: DeadLetterSummary): string {
  const text = error === undefined ? reason : `${error.class}: ${error.message}`;
  if (text.length <= maxErrorLength) return text;
  // The end of the text names the root cause, its beginning the attempt.
  const endLength = text.includes('; caused by ') ? maxErrorLength / 2 : 0;
  const begin = text.slice(0, maxErrorLength - endLength - 1).toWellFormed();
  return `${begin}…${endLength === 0 ? '' : text.slice(-endLength).toWellFormed()}`;
}

/** Formats a whole dead letter: its known fields, one on each line, its headers and its payload. */
export function detailsText({ headers, payload, stackTrace, error, ...fields }: DeadLetterDetails): string {
  const known = { ...fields, ...(error && { error: `${error.class}: ${error.message}`, code: error.code }) };
  const lines = Object.entries(known).map(([name, value]) => [`${name}:`, printable(String(value))]);
  // The stack trace has a section of its own.
  const own = Object.entries(headers).filter(([, value]) => value !== stackTrace);
  const sections = [
    table(lines),
    table([['headers:', ''], ...own.map(([name, value]) => [`  ${printable(name)}:`, printableJson(value)])]),
    stackTrace === undefined ? '' : `stack trace:\n${printableLines(stackTrace)}\n`,
    'text' in payload ? `payload:\n${printableLines(payload.text)}\n` : `payload (base64):\n${payload.base64}\n`,
  ];
  return sections.filter((section) => section !== '').join('\n');
}
