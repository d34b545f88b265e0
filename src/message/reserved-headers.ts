import { Header, traceHeaders } from './message-headers.ts';

// The headers of tracing belong to tracing tools. All other headers with a meaning belong to the framework.
const reservedNames: ReadonlySet<string> = new Set([
  ...Object.values(Header).filter((name) => !traceHeaders.has(name)),
  'CC',
  'BCC',
  'replyChannel',
  'errorChannel',
  '__proto__',
]);

const reservedPrefix = /^(ecotone|x-|amqp_|exception-)/i;

/** A whole number as a name: PHP turns it into an array index, which stops an Ecotone consumer for good. */
const numericName = /^-?\d+$/;

/**
 * Returns whether a header belongs to the framework or to the broker, so that neither callers nor inheritance may set
 * it.
 *
 * @param name the header's name, as written or as mapped
 */
export function isReservedHeader(name: string): boolean {
  return reservedNames.has(name) || reservedPrefix.test(name) || numericName.test(name);
}
