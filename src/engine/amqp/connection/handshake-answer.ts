import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What came from the other side before a handshake failed. */
export interface HandshakeAnswer {
  /** The code and the text of its `connection.close`. */
  readonly replyCode?: number;
  readonly replyText?: string;
  /** The first bytes of an answer that is not an AMQP frame. */
  readonly firstBytes?: string;
}

interface Frame {
  readonly id?: number;
  readonly fields?: { readonly replyCode?: unknown; readonly replyText?: unknown };
}

type Callback = (error: unknown, result: unknown) => void;

interface Connection {
  rest: Buffer;
  open(fields: unknown, callback: Callback): void;
  step(callback: (error: unknown, frame: Frame | null) => void): void;
}

const connectionClose = 0x000a_0032;
const maxBytes = 16;

const answers = new WeakMap<object, HandshakeAnswer>();

/** Returns what the other side answered before a handshake failed with an error; undefined where that is not known. */
export function handshakeAnswer(error: unknown): HandshakeAnswer | undefined {
  return typeof error === 'object' && error !== null ? answers.get(error) : undefined;
}

/**
 * Records what the other side answers to amqplib's handshakes. amqplib drops the answer: if a broker refuses a
 * connection, it reports only that another frame was expected. This changes a private class of the pinned version, and
 * everything works without it.
 */
function noteAnswers(): void {
  try {
    const require = createRequire(import.meta.url);
    const { prototype } = require(join(dirname(require.resolve('amqplib')), 'lib', 'connection.js')).Connection as {
      prototype: Connection;
    };
    const { open } = prototype;
    if (typeof open !== 'function' || typeof prototype.step !== 'function') return;
    prototype.open = function openNoted(fields, callback) {
      let refusal: HandshakeAnswer | undefined;
      const isFirst = () => !Object.hasOwn(this, 'serverProperties');
      // Another copy of this file may have replaced the method before.
      const { step } = this;
      this.step = (next) =>
        step.call(this, (error, frame) => {
          if (frame?.id === connectionClose) refusal = refusalOf(frame);
          next(error, frame);
        });
      open.call(this, fields, (error, result) => {
        // The handshake is over, and later frames are no part of it.
        Reflect.deleteProperty(this, 'step');
        if (typeof error === 'object' && error !== null) {
          answers.set(error, refusal ?? (isFirst() ? { firstBytes: this.rest.toString('latin1', 0, maxBytes) } : {}));
        }
        callback(error, result);
      });
    };
  } catch {
    // The class has another structure: errors say less.
  }
}

function refusalOf({ fields }: Frame): HandshakeAnswer {
  return { replyCode: Number(fields?.replyCode), replyText: String(fields?.replyText) };
}

noteAnswers();
