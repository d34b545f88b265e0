import { readdirSync, readFileSync } from 'node:fs';

/** A header as it was on the wire: the letter of its AMQP field type, and its value. */
interface CapturedHeader {
  readonly type: string;
  readonly value: unknown;
}

/** One message of Ecotone's, as it was on the wire. */
export interface CapturedMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, CapturedHeader>>;
  readonly body: string;
}

const folder = new URL('../fixtures/captures/', import.meta.url);

/** The names of all captures. */
export const captureNames: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace(/\.json$/, ''));

/** The messages of one application, in the order in which it sent them. */
export function capturesOf(application: 'service-map' | 'php-jms'): readonly CapturedMessage[] {
  return JSON.parse(readFileSync(new URL(`../captures-2/${application}.json`, folder), 'utf8'));
}

/** What Ecotone sent in one case. */
export function captured(name: string): CapturedMessage {
  const { messages } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as {
    messages: CapturedMessage[];
  };
  return messages[0] as CapturedMessage;
}

/** Returns the headers of a capture as a consumer of littoral sees them. */
export function headersOf({ headers, properties }: CapturedMessage): Readonly<Record<string, unknown>> {
  const values = Object.entries(headers).map(([name, { type, value }]) => [name, type === 't' ? value === 1 : value]);
  return { ...Object.fromEntries(values), contentType: properties.content_type };
}
