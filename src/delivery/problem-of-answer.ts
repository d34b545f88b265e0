import { asBuffer } from '../text/as-buffer.ts';
import { withoutByteOrderMark } from '../text/byte-order-mark.ts';
import { shorten } from '../text/shorten.ts';
import type { Answer } from './http-exchange.ts';

/** What an application says about an error, in a problem document (RFC 9457) with the members that littoral adds. */
export interface AnsweredProblem {
  readonly title?: string | undefined;
  readonly detail?: string | undefined;
  /** The application's own name for the error, or a number. */
  readonly code?: string | number | undefined;
  /** Decides over the status. */
  readonly retryable?: boolean | undefined;
}

const maxLength = 1024;
const maxCodeLength = 255;

/** Reads the problem document of an answer. A member of another type than it must have is ignored, as RFC 9457 says. */
export function problemOf({ headers, body }: Answer): AnsweredProblem {
  const contentType = headers['content-type'];
  if (typeof contentType !== 'string' || !/^application\/problem\+json\s*(;|$)/i.test(contentType)) return {};
  let document: unknown;
  try {
    document = JSON.parse(withoutByteOrderMark(asBuffer(body).toString('utf8')));
  } catch {
    return {};
  }
  if (typeof document !== 'object' || document === null) return {};
  const { title, detail, code, retryable } = document as Record<string, unknown>;
  return {
    title: textOf(title, maxLength),
    detail: textOf(detail, maxLength),
    code: Number.isSafeInteger(code) ? (code as number) : textOf(code, maxCodeLength),
    retryable: typeof retryable === 'boolean' ? retryable : undefined,
  };
}

function textOf(value: unknown, longest: number): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? shorten(value.trim(), longest) : undefined;
}
