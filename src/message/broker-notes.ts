import { Header, type MessageHeaders } from './message-headers.ts';

// What a broker notes on a message, and what would send copies of it elsewhere. Sent along, a kept `x-death` would take
// a later dead-lettering for a cycle and drop the message.
const brokerNotes = /^(x-death|x-first-death-|x-last-death-|x-delivery-count$|CC$|BCC$)/;

/** The headers of a message that is moved: without what the broker noted, which is kept as text. */
export function withoutBrokerNotes(headers: MessageHeaders): Record<string, unknown> {
  const entries = Object.entries(headers);
  const kept: Record<string, unknown> = Object.fromEntries(entries.filter(([name]) => !brokerNotes.test(name)));
  const notes = entries.filter(([name]) => brokerNotes.test(name));
  if (notes.length > 0) kept[Header.brokerHistory] = JSON.stringify(Object.fromEntries(notes));
  return kept;
}
