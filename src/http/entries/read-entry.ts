import { isUtf8 } from 'node:buffer';
import type { SendRequest } from '../../bus/send-request.ts';
import { isUtf8Charset } from '../../conversion/character-encoding.ts';
import { parseJson, UnreadableNumbers } from '../../conversion/json/parse-json.ts';
import { occursTwice, repeatedMember } from '../../conversion/json/repeated-member.ts';
import { isJson, parseMediaType } from '../../conversion/media-type.ts';
import { isLittoralError, LittoralError } from '../../errors.ts';
import {
  longestDelayMs,
  maxHeaderBytes,
  maxPriority,
  maxShortStringBytes,
  maxTimeToLiveMs,
} from '../../message/limits.ts';
import { idempotentMessageId, isMessageId } from '../../message/message-id.ts';
import { validateKey } from '../../message/routing-key.ts';
import { decodeBase64 } from '../../text/base64.ts';
import { escapePointer } from '../../text/json-pointer.ts';
import { checkHeaderName } from '../../wire/metadata.ts';
import { assertNotOwned } from '../send/request-metadata.ts';
import { areCallersApart, findParent } from '../send/request-to-message.ts';
import type { EntryDefaults } from './entry-defaults.ts';
import { EntryFields, eachMember } from './entry-fields.ts';

export interface EntryLimits {
  /** Maximum number of bytes of a payload. */
  readonly bodyLimit: number;
  /** The name of the setting with this limit. Default: `http.bodyLimit`. */
  readonly limitName?: string;
  /**
   * True to copy the payload. Without a copy, the payload keeps all bytes in memory that were read with the entry.
   * Default: false.
   */
  readonly copiesPayload?: boolean;
}

const kinds: ReadonlySet<string> = new Set(['command', 'event', 'message']);
const kindNames = 'command, event or message';

/**
 * Reads one entry: a JSON object with a message to send. The bytes of a payload with a JSON type stay unchanged, and
 * the bus parses them.
 *
 * @param bytes the JSON text of the entry. The payload shares its memory
 * @param index the index of the entry. If the request has an idempotency key, the id depends on it
 * @throws LittoralError `malformed-body`, `invalid-entry`, `reserved-header`, `invalid-header`, `headers-too-large`,
 * `body-too-large`, `unknown-parent`; with the issues of the fields
 */
export function readEntry(bytes: Buffer, index: number, defaults: EntryDefaults, limits: EntryLimits): SendRequest {
  if (!isUtf8(bytes)) throw new LittoralError('malformed-body', 'The entry is not valid UTF-8.');
  const fields = new EntryFields(bytes);
  const to = readAddress(fields);
  const { kind, destination, routingKey } = to;
  const { payload, contentType } = readBody(fields, limits);
  const { options, mapping } = defaults;
  // Every request has the same fields in the same order, because V8 reads objects of one shape faster.
  const request = {
    kind,
    destination,
    routingKey,
    payload,
    contentType,
    metadata: readMetadata(fields, defaults),
    convertTo: fields.text('convertTo') ?? options.convertTo,
    id: readId(fields, to, index, defaults),
    correlationId: readCorrelationId(fields) ?? options.correlationId,
    delayMs: fields.integer('delayMs', 0, longestDelayMs) ?? options.delayMs,
    timeToLiveMs: fields.integer('timeToLiveMs', 1, maxTimeToLiveMs) ?? options.timeToLiveMs,
    priority: fields.integer('priority', 0, maxPriority) ?? options.priority,
    parent: fields.has('parentId') ? parentOf(fields, mapping) : options.parent,
  };
  fields.assertValid();
  return request;
}

type Address = Pick<SendRequest, 'kind' | 'destination' | 'routingKey'>;

function readAddress(fields: EntryFields): Address {
  const kind = fields.text('kind');
  if (!fields.has('kind')) fields.addIssue('/kind', `is missing: ${kindNames}`);
  else if (kind !== undefined && !kinds.has(kind)) fields.addIssue('/kind', `must be ${kindNames}`);
  const routingKey = readKey(fields, 'routingKey');
  // Whether a destination is needed is unknown.
  if (kind === undefined || !kinds.has(kind)) {
    return { kind: kind as SendRequest['kind'], destination: fields.text('destination'), routingKey };
  }
  if (kind !== 'event')
    return { kind: kind as SendRequest['kind'], destination: readKey(fields, 'destination'), routingKey };
  if (fields.has('destination'))
    fields.addIssue('/destination', 'is not for an event, which goes to all its subscribers');
  return { kind, routingKey };
}

function readKey(fields: EntryFields, field: 'routingKey' | 'destination'): string {
  const key = fields.text(field);
  const issue = key === undefined ? undefined : validateKey(key);
  if (!fields.has(field)) fields.addIssue(`/${field}`, 'is missing');
  else if (issue !== undefined) fields.addIssue(`/${field}`, issue);
  return key ?? '';
}

function readBody(
  fields: EntryFields,
  { bodyLimit, limitName = 'http.bodyLimit', copiesPayload = false }: EntryLimits,
): Pick<SendRequest, 'payload' | 'contentType'> {
  const isBase64 = fields.has('bodyBase64');
  const written = fields.written('payload');
  if (isBase64 && written) fields.addIssue('/bodyBase64', 'and payload are both set; send one of them');
  const contentType = fields.text('contentType');
  if (!isBase64 && !written) return { payload: Buffer.alloc(0), contentType: contentType ?? 'text/plain' };
  const payload = isBase64 ? readBase64(fields, contentType) : readPayload(fields, written as Buffer, contentType);
  if (payload.byteLength > bodyLimit) {
    const detail = `The payload is larger than ${limitName} (${bodyLimit} bytes) allows.`;
    throw new LittoralError('body-too-large', detail, {
      issues: [{ path: isBase64 ? '/bodyBase64' : '/payload', message: 'is too large' }],
    });
  }
  return {
    payload: copiesPayload && !isBase64 ? Buffer.from(payload) : payload,
    contentType: contentType ?? 'application/json',
  };
}

function readBase64(fields: EntryFields, contentType: string | undefined): Buffer {
  const text = fields.text('bodyBase64');
  const bytes = text === undefined ? undefined : decodeBase64(text);
  if (text !== undefined && !bytes) fields.addIssue('/bodyBase64', 'is not base64 (RFC 4648 section 4)');
  if (contentType === undefined) fields.addIssue('/contentType', 'is missing: the type of the bytes');
  return bytes ?? Buffer.alloc(0);
}

function readPayload(fields: EntryFields, written: Buffer, contentType: string | undefined): Buffer {
  const mediaType = parseMediaType(contentType ?? 'application/json');
  if (mediaType === undefined || isJson(mediaType)) return written;
  const text = fields.text('payload');
  if (written.toString('latin1') === 'null') fields.addIssue('/payload', 'must be text');
  if (!isUtf8Charset(mediaType.charset)) {
    fields.addIssue('/contentType', 'has another charset than UTF-8; send the bytes as bodyBase64');
  }
  return Buffer.from(text ?? '');
}

function readMetadata(fields: EntryFields, { options, mapping }: EntryDefaults): SendRequest['metadata'] {
  const written = fields.written('headers');
  if (written === undefined) return options.metadata;
  const own = readHeaders(fields, written);
  return hasFields(options.metadata) ? { ...options.metadata, ...own } : own;

  function readHeaders(fields: EntryFields, written: Buffer): Record<string, unknown> {
    // Apart from escapes, a header is not longer in a message than in JSON.
    if (written.byteLength > 6 * maxHeaderBytes) throw headersTooLarge();
    let bytes = 0;
    const names = new Set<string>();
    try {
      eachMember(written, (name) => {
        // In a message, a byte with its length precedes a name, and a byte with the type of its value follows it.
        bytes += name.length + 2;
        if (bytes > maxHeaderBytes) throw headersTooLarge();
        if (names.has(name)) fields.addIssue(`/headers/${escapePointer(name)}`, occursTwice);
        names.add(name);
      });
      const text = written.toString();
      const headers = parseJson(text) as Record<string, unknown>;
      // Only a header with an object as its value can have members of its own.
      const repeated = text.includes('{', text.indexOf('{') + 1) ? repeatedMember(text) : undefined;
      // A repeated header has been reported.
      if (repeated?.includes('/', 1)) fields.addIssue(`/headers${repeated}`, occursTwice);
      for (const name of names) atHeader(name, () => checkHeaderName(name));
      for (const name of names) atHeader(name, () => assertNotOwned({ [name]: '' }, mapping));
      return headers;
    } catch (error) {
      if (error instanceof UnreadableNumbers) {
        for (const { path, message } of error.issues) fields.addIssue(`/headers${path}`, message);
      } else if (error instanceof SyntaxError || (isLittoralError(error) && error.code === 'malformed-body')) {
        fields.addIssue('/headers', 'must be a JSON object');
      } else throw error;
      return {};
    }
  }
}

function headersTooLarge(): LittoralError {
  const issues = [{ path: '/headers', message: 'are too large' }];
  return new LittoralError('headers-too-large', `The headers are larger than ${maxHeaderBytes} bytes.`, { issues });
}

function hasFields(value: object | undefined): boolean {
  for (const _ in value) return true;
  return false;
}

/** Adds the path of a header to an error about it. */
function atHeader(name: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!isLittoralError(error)) throw error;
    const issue = { path: `/headers/${escapePointer(name)}`, message: 'cannot be set' };
    throw new LittoralError(error.code, error.message, { issues: [issue] });
  }
}

function readId(fields: EntryFields, to: Address, index: number, defaults: EntryDefaults): string | undefined {
  const { idempotencyKey: requestKey, idempotencyScope: scope, mapping } = defaults;
  const id = fields.text('messageId');
  const ownKey = fields.text('idempotencyKey');
  if (id !== undefined && ownKey !== undefined) fields.addIssue('/messageId', 'and idempotencyKey both decide the id');
  if (id !== undefined && !isMessageId(id)) fields.addIssue('/messageId', 'is not a UUID');
  if (id !== undefined && areCallersApart(mapping)) {
    fields.addIssue(
      '/messageId',
      "is refused here, because it could be the id of another caller's message; send idempotencyKey",
    );
  }
  if (ownKey === '') fields.addIssue('/idempotencyKey', 'is empty');
  if (id !== undefined) return id.toLowerCase();
  const key = ownKey ?? (requestKey === undefined ? undefined : JSON.stringify([requestKey, index]));
  if (key === undefined) return undefined;
  const { kind, destination, routingKey } = to;
  return idempotentMessageId({ scope, kind, destination: destination ?? routingKey, routingKey, key });
}

function readCorrelationId(fields: EntryFields): string | undefined {
  const correlationId = fields.text('correlationId');
  if (correlationId === undefined) return undefined;
  const bytes = Buffer.byteLength(correlationId);
  if (bytes === 0) fields.addIssue('/correlationId', 'is empty');
  if (bytes > maxShortStringBytes) fields.addIssue('/correlationId', `is longer than ${maxShortStringBytes} bytes`);
  return correlationId;
}

function parentOf(fields: EntryFields, mapping: EntryDefaults['mapping']): SendRequest['parent'] {
  const id = fields.text('parentId');
  return id === undefined ? undefined : findParent(id, 'parentId', mapping);
}
