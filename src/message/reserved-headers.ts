import { Header } from './message-headers.ts';

const reservedNames: ReadonlySet<string> = new Set([
  Header.id,
  Header.correlationId,
  Header.parentId,
  Header.timestamp,
  Header.contentType,
  Header.priority,
  Header.deliveryDelay,
  Header.timeToLive,
  Header.polledChannelName,
  Header.typeId,
  'CC',
  'BCC',
  'routingSlip',
  'replyChannel',
  'errorChannel',
  '__proto__',
]);

const reservedPrefix = /^(ecotone|x-|amqp_|exception-)/i;

/** A whole number as a name: PHP turns it into an array index, which stops an Ecotone consumer for good. */
const numericName = /^-?\d+$/;

/**
 * Tells whether a header belongs to the framework or to the broker, so that neither callers nor inheritance may set it.
 *
 * @param name the header's name, as written or as mapped
 */
export function isReservedHeader(name: string): boolean {
  return reservedNames.has(name) || reservedPrefix.test(name) || numericName.test(name);
}
