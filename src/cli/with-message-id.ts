import { eachMember } from '../http/entries/entry-fields.ts';
import type { Member } from '../http/entries/json-bytes.ts';

/**
 * Returns the text of an entry with a message id. An entry with an id or an idempotency key of its own stays unchanged.
 *
 * @param line the JSON text of a valid entry
 */
export function withMessageId(line: Buffer, id: string): Buffer {
  const members = new Map<string, Member>();
  eachMember(line, (name, member) => members.set(name, member));
  const isSet = (member: Member | undefined) =>
    member !== undefined && line.toString('latin1', member.start, member.end) !== 'null';
  const own = members.get('messageId');
  if (isSet(own) || isSet(members.get('idempotencyKey'))) return line;
  if (own) return spliced(line, own.start, own.end, `"${id}"`);
  const start = line.indexOf('{') + 1;
  return spliced(line, start, start, `"messageId":"${id}",`);
}

function spliced(bytes: Buffer, start: number, end: number, text: string): Buffer {
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]);
}
