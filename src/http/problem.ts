import { maxHeaderSize } from 'node:http';
import type { FastifyError, FastifyReply } from 'fastify';
import { type ErrorCode, errorMessage, isLittoralError, LittoralError } from '../errors.ts';

/** An error as every caller gets it (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** True if the same request can succeed later. */
  readonly retryable: boolean;
  /** The outcome of the message: not accepted, or unknown because it may have been sent. */
  readonly outcome: 'not-accepted' | 'unknown';
  readonly messageId?: string;
  /** The names of the limits that refused the request (draft-ietf-httpapi-ratelimit-headers, section 5). */
  readonly 'violated-policies'?: readonly string[];
  /** Every single issue of a refused payload. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

const problemContentType = 'application/problem+json';

/** The header that stops browsers from guessing another content type. */
export const noSniffing = { 'x-content-type-options': 'nosniff' } as const;

export function toProblem(error: LittoralError): Problem {
  const { code, status, retryable, outcome, messageId, issues, violatedPolicies } = error;
  return {
    type: `urn:littoral:problem:${code}`,
    title: error.kind.title,
    status,
    detail: error.message,
    code,
    retryable,
    outcome,
    ...(messageId === undefined ? {} : { messageId }),
    ...(violatedPolicies === undefined ? {} : { 'violated-policies': violatedPolicies }),
    ...(issues === undefined
      ? {}
      : { errors: issues.map(({ path, message }) => ({ pointer: path, detail: message })) }),
  };
}

/** Answers with a problem, and with the headers that belong to it. */
export function sendProblem(reply: FastifyReply, error: LittoralError): FastifyReply {
  const { retryAfterSeconds } = error.kind;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (error.messageId !== undefined) reply.header('message-id', error.messageId);
  if (error.headers) reply.headers(error.headers);
  reply.headers(noSniffing);
  return reply.code(error.status).type(problemContentType).serializer(JSON.stringify).send(toProblem(error));
}

const errorsOfFastify: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported-media-type',
    'The Content-Type is not a media type; write type/subtype, such as application/json.',
  ],
  FST_ERR_BAD_URL: [
    'malformed-request',
    'The path is not percent-encoded UTF-8. Write a percent sign that stands for itself as %25.',
  ],
};

/** Converts any error to a LittoralError: errors of Fastify, and unexpected ones. */
export function asLittoralError(error: unknown): LittoralError {
  if (isLittoralError(error)) return error;
  const { code = '', statusCode = 500 } = (error ?? {}) as Partial<FastifyError>;
  const [known, detail = errorMessage(error)] = errorsOfFastify[code] ?? [];
  if (known) return new LittoralError(known, detail, { cause: error });
  if (statusCode < 400 || statusCode >= 500) return internalError(error);
  return new LittoralError('malformed-request', detail, { cause: error });
}

/** The error for an unexpected one, whose text is for the log, not for callers. */
export function internalError(cause: unknown): LittoralError {
  return new LittoralError('internal-error', 'The gateway failed; its log says why.', { cause });
}

/** Returns the error of a request that could not even be parsed (Node's `clientError`). */
export function clientError(error: NodeJS.ErrnoException): LittoralError {
  const code = codeOfClientError(error.code);
  const reason =
    code === 'headers-too-large'
      ? `its headers are larger than ${maxHeaderSize} bytes (${maxHeaderSize / 1024} KiB) in all. Move large values into the payload`
      : errorMessage(error);
  return new LittoralError(code, `The request could not be read: ${reason}.`, { cause: error });
}

/** Returns the bytes of an answer with a problem that ends its connection, if there is no request to answer. */
export function rawProblem(error: LittoralError): string {
  const { title, retryAfterSeconds } = error.kind;
  const text = JSON.stringify(toProblem(error));
  return [
    `HTTP/1.1 ${error.status} ${title}`,
    `content-type: ${problemContentType}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'x-content-type-options: nosniff',
    ...(retryAfterSeconds === undefined ? [] : [`retry-after: ${retryAfterSeconds}`]),
    'connection: close',
    '',
    text,
  ].join('\r\n');
}

function codeOfClientError(code: string | undefined): 'headers-too-large' | 'request-timeout' | 'malformed-request' {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request-timeout' : 'malformed-request';
}
