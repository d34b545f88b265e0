import { v7 as newDeadLetterId } from 'uuid';
import { isLittoralError, messageOf } from '../errors.ts';
import { Header, type MessageHeaders } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';

/** Why a message could not be handled. */
export interface Failure {
  readonly error: unknown;
  /** The handler that failed; absent where the message failed before one was found. */
  readonly endpointId?: string | undefined;
}

// What the broker notes on a message that it dead-letters. Sent along, it would take a later dead-lettering for a cycle
// and drop the message.
const brokerNotes = /^(x-death|x-first-death-|x-last-death-|x-delivery-count$|CC$|BCC$)/;

const maxMessageLength = 1024;
const maxStackLength = 8192;

/**
 * Makes the message that goes to the dead letter queue: as it came, with the headers by which Ecotone describes an
 * error.
 *
 * @param message what could not be handled
 * @param stackTrace whether there is room for one
 */
export function deadLetter(
  message: TransportMessage,
  { error, endpointId }: Failure,
  stackTrace = true,
): TransportMessage {
  const { file, line } = placeOf(error);
  const headers: Record<string, unknown> = {
    ...withoutBrokerNotes(message.headers),
    [Header.deadLetterId]: newDeadLetterId(),
    [Header.deadLetteredAt]: Date.now(),
    [Header.errorClass]: classOf(error),
    [Header.errorMessage]: messageOf(error).slice(0, maxMessageLength).toWellFormed(),
    [Header.errorFile]: file,
    [Header.errorLine]: line,
    [Header.errorCode]: 0,
  };
  if (stackTrace) headers[Header.errorStackTrace] = stackOf(error).slice(0, maxStackLength).toWellFormed();
  if (endpointId !== undefined) headers[Header.failedEndpoint] = endpointId;
  return { headers, body: message.body };
}

function withoutBrokerNotes(headers: MessageHeaders): Record<string, unknown> {
  const entries = Object.entries(headers);
  const kept: Record<string, unknown> = Object.fromEntries(entries.filter(([name]) => !brokerNotes.test(name)));
  const notes = entries.filter(([name]) => brokerNotes.test(name));
  if (notes.length > 0) kept[Header.brokerHistory] = JSON.stringify(Object.fromEntries(notes));
  return kept;
}

function classOf(error: unknown): string {
  if (isLittoralError(error)) return `littoral.${error.code}`;
  return error instanceof Error ? error.name : typeof error;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}

/** The file and the line in the topmost frame of the stack. */
function placeOf(error: unknown): { file: string; line: number } {
  const frame = /^ +at .*?\(?((?:file:\/\/)?\/[^()]*?|[^()\s]+?):(\d+):\d+\)?$/m.exec(stackOf(error));
  return { file: frame?.[1] ?? '', line: Number(frame?.[2] ?? 0) };
}
