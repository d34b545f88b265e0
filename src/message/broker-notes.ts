import { Header, type MessageHeaders } from './message-headers.ts';

// What a broker notes on a message, and what would send copies of it elsewhere. Sent along, a kept `x-death` would take
// a later dead-lettering for a cycle and drop the message.
const brokerNotes = /^(x-death|x-first-death-|x-last-death-|x-delivery-count$|x-acquired-count$|CC$|BCC$)/;

/** The headers of a message that is moved: without what the broker noted, which is kept as text. */
export function withoutBrokerNotes(headers: MessageHeaders): Record<string, unknown> {
  const entries = Object.entries(headers);
  const kept: Record<string, unknown> = Object.fromEntries(entries.filter(([name]) => !brokerNotes.test(name)));
  const notes = entries.filter(([name]) => brokerNotes.test(name));
  if (notes.length > 0) kept[Header.brokerHistory] = textOf(Object.fromEntries(notes));
  return kept;
}

/**
 * Writes the notes as text. A sender can set values that JSON cannot express, and the message must be moved all the
 * same.
 */
function textOf(notes: MessageHeaders): string {
  try {
    return JSON.stringify(notes, (_name, value) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return 'cannot be written as text';
  }
}

const essential = [
  Header.id,
  Header.correlationId,
  Header.parentId,
  Header.timestamp,
  Header.contentType,
  Header.payloadType,
  Header.routingKey,
  Header.targetServiceName,
  Header.sourceServiceName,
  Header.serviceTarget,
];

/** What a message needs to be found and sent again, for one whose headers cannot be written as a whole. */
export function essentialHeaders(headers: MessageHeaders): Record<string, unknown> {
  const kept = essential.map((name) => [name, headers[name]] as const).filter(([, value]) => isShort(value));
  return {
    ...Object.fromEntries(kept),
    [Header.errorMessage]: 'Its headers could not be written again; the others are lost.',
  };
}

function isShort(value: unknown): boolean {
  if (Number.isSafeInteger(value) || typeof value === 'bigint') return true;
  return typeof value === 'string' && value.isWellFormed() && value.length <= 255;
}
