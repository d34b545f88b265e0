import { createHash, randomFillSync } from 'node:crypto';
import { v5, v7, validate } from 'uuid';

/** Never changes: another namespace would give every repeated request another id. */
const idempotencyNamespace = 'a2f1c9de-1d0b-5c0e-9d53-6c1f0b7f4e21';

// Asking the system for 16 random bytes takes longer than all the rest of an id: a page of them serves 256.
const randomness = Buffer.alloc(4096);
let randomnessUsed = randomness.length;

function sixteenRandomBytes(): Buffer {
  if (randomnessUsed === randomness.length) {
    randomFillSync(randomness);
    randomnessUsed = 0;
  }
  randomnessUsed += 16;
  return randomness.subarray(randomnessUsed - 16, randomnessUsed);
}

let lastMsecs = 0;
let lastSequence = 0;

/**
 * A new message id, ordered by time and, within one process, by the order of the calls (UUIDv7, RFC 9562 sections 5.7
 * and 6.2, method 1).
 */
export function newMessageId(): string {
  const random = sixteenRandomBytes();
  const now = Date.now();
  if (now > lastMsecs) {
    lastMsecs = now;
    // Its highest bit is clear, so that there is room to count.
    lastSequence = random.readUInt32BE(6) >>> 1;
  } else {
    lastSequence = (lastSequence + 1) >>> 0;
    if (lastSequence === 0) lastMsecs++;
  }
  return v7({ msecs: lastMsecs, seq: lastSequence, random });
}

/** Returns whether a text is a UUID of any version. */
export function isMessageId(text: string): boolean {
  return validate(text);
}

/** The parts that make two requests with one idempotency key the same request. */
export interface IdempotentRequest {
  /** Keeps callers apart who may choose the same key, such as tenants. Empty: all share one space. */
  readonly scope: string;
  readonly kind: string;
  readonly destination: string;
  readonly routingKey: string;
  readonly key: string;
}

/**
 * The message id of an idempotent request (UUIDv5, RFC 9562 section 5.5): the same on every gateway, with nothing
 * shared between them.
 */
export function idempotentMessageId({ scope, kind, destination, routingKey, key }: IdempotentRequest): string {
  return v5(JSON.stringify([scope, kind, destination, routingKey, key]), idempotencyNamespace);
}

/** Never changes: a caller that has listed a dead letter by such an id must find it again. */
const deadLetterNamespace = 'f7a8c3f0-5d3e-5b0f-8a35-0a6f2f6a7c11';

/**
 * An id for a message that has none of its own (UUIDv5, RFC 9562 section 5.5): the same at every browse.
 *
 * @param headers as text
 */
export function derivedDeadLetterId(headers: string, body: Uint8Array): string {
  return v5(`${createHash('sha256').update(body).digest('hex')}${headers}`, deadLetterNamespace);
}
