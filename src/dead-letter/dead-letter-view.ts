import type { DeadLettering, WaitingMessage } from '../engine/browsing.ts';
import { Header, type MessageHeaders } from '../message/message-headers.ts';
import { derivedDeadLetterId, isMessageId } from '../message/message-id.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { timesSetAside } from '../recovery/dead-letter-outlet.ts';
import { shorten } from '../text/shorten.ts';
import { isDueQueue } from '../wire/service-queue.ts';
import { describeReason } from './describe-reason.ts';
import { jsonValue } from './json-value.ts';
import { type PayloadView, payloadView } from './payload-view.ts';

/**
 * A dead letter in a list. A field is absent if the message lacks it, or if another program wrote it in another form.
 */
export interface DeadLetterSummary {
  /** The id of the dead letter, not of its message: a message that failed in two handlers is two dead letters. */
  readonly id: string;
  readonly messageId?: string;
  readonly correlationId?: string;
  /** `command`, `event` or `message`. */
  readonly kind?: string;
  readonly routingKey?: string;
  /** The endpoint id of the handler that failed. */
  readonly endpoint?: string;
  /** The service in which it failed. */
  readonly service?: string;
  /** ISO 8601. */
  readonly deadLetteredAt?: string;
  /** The number of calls of the handler. */
  readonly attempts?: number;
  /** The error of the handler. Absent if the broker dead-lettered the message. */
  readonly error?: { readonly class: string; readonly message: string; readonly code: number };
  /** The reason in one word of littoral or of the broker. Absent if a handler failed: see `error`. */
  readonly reasonCode?: string;
  /** The reason in a sentence, if the broker dead-lettered the message or it expired. */
  readonly reason?: string;
  readonly contentType?: string;
  /** The content encoding of the payload. Absent: it is not compressed. */
  readonly contentEncoding?: string;
  /** The size of the payload. */
  readonly bytes: number;
  /** The beginning of the payload. */
  readonly payload: PayloadView;
}

/** All of a dead letter. */
export interface DeadLetterDetails extends DeadLetterSummary {
  readonly stackTrace?: string;
  /** The place at which the error was thrown: `file:line`. */
  readonly thrownAt?: string;
  /** All headers, those of the error included. */
  readonly headers: MessageHeaders;
}

/** A dead letter. Each part is read on demand, because most dead letters are only skipped. */
export class DeadLetterView {
  readonly message: TransportMessage;
  /** The broker's note about the reason; undefined if littoral made the message a dead letter. */
  readonly death: DeadLettering | undefined;
  #id: string | undefined;

  constructor({ message, death }: Pick<WaitingMessage, 'message' | 'death'>) {
    this.message = message;
    this.death = death !== undefined && wasSetAside(message, death) ? undefined : death;
  }

  get id(): string {
    this.#id ??= idOf(this.message);
    return this.#id;
  }

  get routingKey(): string | undefined {
    return this.#text(Header.routingKey);
  }

  /** The class of the error, or the broker's word for the reason. */
  get errorClass(): string | undefined {
    return this.#text(Header.errorClass) ?? this.death?.reason;
  }

  /** The reason in one word. */
  get reasonCode(): string | undefined {
    if (this.death !== undefined) return this.death.reason;
    // A dead letter of an earlier version of littoral, or of Ecotone, has only an error.
    return this.#text(Header.deadLetterReason) ?? (this.#text(Header.errorClass) === undefined ? undefined : 'failed');
  }

  /** The time at which it became a dead letter: milliseconds since 1970. */
  get timeMs(): number | undefined {
    return this.#integer(Header.deadLetteredAt) ?? this.death?.timeMs;
  }

  summary(): DeadLetterSummary {
    return { ...this.#fields(), payload: payloadView(this.message.body, previewBytes) };
  }

  /** Returns the details. @param payload the decompressed payload; default: the body */
  details(payload: Uint8Array = this.message.body): DeadLetterDetails {
    const file = this.#text(Header.errorFile) ?? '';
    const line = this.#integer(Header.errorLine) ?? 0;
    return withoutAbsent({
      ...this.#fields(),
      stackTrace: this.#text(Header.errorStackTrace),
      thrownAt: file === '' ? undefined : `${file}:${line}`,
      headers: jsonValue(this.message.headers) as MessageHeaders,
      payload: payloadView(payload),
    });
  }

  #fields(): Omit<DeadLetterSummary, 'payload'> {
    const { timeMs, reasonCode } = this;
    const errorClass = this.#short(Header.errorClass);
    return withoutAbsent({
      id: this.id,
      messageId: this.#short(Header.id),
      correlationId: this.#short(Header.correlationId),
      kind: this.#short(Header.payloadType),
      routingKey: this.#short(Header.routingKey),
      endpoint: this.#short(Header.failedEndpoint),
      service: this.#short(Header.failedService),
      deadLetteredAt: timeMs === undefined ? undefined : isoTime(timeMs),
      attempts: this.#integer(Header.attempts),
      error: errorClass === undefined ? undefined : this.#error(errorClass),
      reasonCode: reasonCode === undefined || reasonCode === 'failed' ? undefined : shorten(reasonCode, maxTextLength),
      reason: this.#reason(),
      contentType: this.#short(Header.contentType),
      contentEncoding: this.#short(Header.contentEncoding),
      bytes: this.message.body.byteLength,
    });
  }

  #reason(): string | undefined {
    const { death, reasonCode } = this;
    if (death !== undefined) return shorten(describeReason(death.reason), maxTextLength);
    return reasonCode === 'expired' ? describeReason(reasonCode) : undefined;
  }

  #error(errorClass: string): NonNullable<DeadLetterSummary['error']> {
    const message = shorten(this.#text(Header.errorMessage) ?? '', maxMessageLength);
    return { class: errorClass, message, code: this.#integer(Header.errorCode) ?? 0 };
  }

  #text(name: string): string | undefined {
    const { headers } = this.message;
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  }

  /** Returns a header, shortened for a list, because a hostile header must not make the list large. */
  #short(name: string): string | undefined {
    const text = this.#text(name);
    return text === undefined ? undefined : shorten(text, maxTextLength);
  }

  #integer(name: string): number | undefined {
    const value = this.message.headers[name];
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
  }
}

const previewBytes = 256;
const maxTextLength = 255;
const maxMessageLength = 1024;

/** Returns whether a message was a dead letter before it reached the queue that the broker took it from. */
function wasSetAside(message: TransportMessage, { queue }: DeadLettering): boolean {
  return queue !== undefined && isDueQueue(queue) && timesSetAside(message) !== undefined;
}

function idOf({ headers, body }: TransportMessage): string {
  const own = headers[Header.deadLetterId];
  if (typeof own === 'string' && isMessageId(own)) return own.toLowerCase();
  const { [Header.deliveryCount]: _, ...others } = headers;
  return derivedDeadLetterId(jsonOf(others), body);
}

/** Writes headers as JSON, which may be nested too deeply for it. */
function jsonOf(headers: MessageHeaders): string {
  try {
    return JSON.stringify(headers, (_name, value) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return Object.keys(headers).join();
  }
}

function isoTime(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function withoutAbsent<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}
