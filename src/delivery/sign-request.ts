import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { LittoralError } from '../errors.ts';

/** The secrets of an application, the newest first. Node does not print the content of a key. */
export type SigningSecrets = readonly KeyObject[];

/** A request to sign, as Standard Webhooks define it. */
export interface SignedRequest {
  /** The id of the message, the same at each attempt, except for a message without an id. */
  readonly id: string;
  /** The time of this attempt: whole seconds since 1970. */
  readonly timestampSeconds: number;
  readonly body: Uint8Array;
}

/** The headers of a signed request. */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

const prefix = 'whsec_';
const minBytes = 24;
const maxBytes = 64;
/** During a rotation there are the new secret and the old one. */
const maxSecrets = 2;

/**
 * Reads the secrets of a file: `whsec_` and base64 of 24 to 64 bytes, one secret a line. A file with two secrets is for
 * the time of a rotation: each request is signed with both.
 *
 * @throws LittoralError `invalid-configuration`, which names the line and never the secret
 * @see Standard Webhooks, section "Signature scheme"
 */
export function readSecrets(text: string): SigningSecrets {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ secret: line.trim(), line: index + 1 }))
    .filter(({ secret }) => secret !== '');
  if (lines.length === 0) throw invalid(`The file holds no secret; ${wanted}`);
  if (lines.length > maxSecrets) {
    throw invalid(
      `The file holds ${lines.length} secrets, and a request is signed with at most ${maxSecrets}. Remove the oldest.`,
    );
  }
  return lines.map(({ secret, line }) => createSecretKey(keyOf(secret, line)));
}

const wanted = `write ${prefix} and base64 of ${minBytes} to ${maxBytes} random bytes, one secret a line.`;

function keyOf(secret: string, line: number): Buffer {
  if (/^wh[sp]k_/.test(secret)) {
    throw invalid(
      `The secret in line ${line} is a key for asymmetric signatures (${secret.slice(0, 5)}…), which littoral does not write; ${wanted}`,
    );
  }
  if (!secret.startsWith(prefix)) throw invalid(`The secret in line ${line} does not begin with ${prefix}; ${wanted}`);
  const base64 = secret.slice(prefix.length);
  const key = Buffer.from(base64, 'base64');
  // `Buffer.from` skips what is no base64.
  if (key.toString('base64') !== base64) {
    throw invalid(
      `The secret in line ${line} is not base64 (RFC 4648 section 4, with padding) after ${prefix}; ${wanted}`,
    );
  }
  if (key.length < minBytes || key.length > maxBytes) {
    throw invalid(`The secret in line ${line} has ${key.length} bytes; ${wanted}`);
  }
  return key;
}

function invalid(detail: string): LittoralError {
  return new LittoralError('invalid-configuration', detail);
}

/**
 * Returns the headers that prove the origin of a request, with one signature for each secret.
 *
 * @see Standard Webhooks, section "Webhook headers"
 */
export function signatureHeaders(
  secrets: SigningSecrets,
  { id, timestampSeconds, body }: SignedRequest,
): SignatureHeaders {
  const webhookId = safeId(id);
  const signed = `${webhookId}.${timestampSeconds}.`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(signed).update(body).digest('base64')}`,
  );
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures.join(' '),
  };
}

/**
 * Returns an id that a header can hold, and without a dot, which separates the parts of the signed text. A UUID is not
 * changed. The id of a message of another program can be any text.
 */
function safeId(id: string): string {
  return id
    .toWellFormed()
    .replace(/[^\x21-\x24\x26-\x7e]+/g, encodeURIComponent)
    .replaceAll('.', '%2E');
}
