import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What came from the other side before a handshake failed. */
export interface HandshakeAnswer {
  /** The code and the text of its `connection.close`. */
  readonly replyCode?: number;
  readonly replyText?: string;
  /** The beginning of what is no frame of AMQP. */
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
 * Notes what the other side answers to amqplib's handshakes. amqplib drops it: of a broker that refuses a connection it
 * reports only that another frame was expected. This reaches into a private class of the version that is pinned, and
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
      // Another copy of this file can have put its own there.
      const { step } = this;
      this.step = (next) =>
        step.call(this, (error, frame) => {
          if (frame?.id === connectionClose) refusal = refusalOf(frame);
          next(error, frame);
        });
      open.call(this, fields, (error, result) => {
        // The handshake is over: what comes now is none of it.
        Reflect.deleteProperty(this, 'step');
        if (typeof error === 'object' && error !== null) {
          answers.set(error, refusal ?? (isFirst() ? { firstBytes: this.rest.toString('latin1', 0, maxBytes) } : {}));
        }
        callback(error, result);
      });
    };
  } catch {
    // It is laid out otherwise: errors say less.
  }
}

function refusalOf({ fields }: Frame): HandshakeAnswer {
  return { replyCode: Number(fields?.replyCode), replyText: String(fields?.replyText) };
}

noteAnswers();
