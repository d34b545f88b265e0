import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { BoundedLog } from '../observe/bounded-log.ts';
import { shorten } from '../text/shorten.ts';

const maxReasonLength = 500;

/** Errors by which a caller has shown no credentials, wrong ones, or those of a caller with other grants. */
const credentialErrors: ReadonlySet<string> = new Set([
  'unauthorized',
  'admin-token-not-set',
  'insufficient-scope',
  'forbidden',
]);

/** Errors that are no event: a probe or a scanner causes them all the time. */
const quietErrors: ReadonlySet<string> = new Set(['not-ready', 'route-not-found', 'method-not-allowed']);

/** The log of requests: each that was refused, within limits, and at the level `debug` each answer. */
export class RequestLog {
  readonly #logger: Logger;
  readonly #refused: BoundedLog;

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#refused = new BoundedLog({ logger });
  }

  /** Logs an answer, at `debug`. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    if (!this.#logger.isLevelEnabled('debug')) return;
    const messageId = reply.getHeader('message-id');
    const ms = Math.round(reply.elapsedTime * 1000) / 1000;
    this.#logger.debug({ ...requestFields(request), status: reply.statusCode, ms, messageId }, 'request answered');
  }

  /** Logs a request that was refused. An error of the gateway itself is logged where it is found. */
  refused(request: FastifyRequest, error: LittoralError): void {
    const { code, status, messageId } = error;
    if (code === 'internal-error') return;
    const fields = () => ({
      ...requestFields(request),
      code,
      status,
      messageId,
      reason: shorten(error.message, maxReasonLength),
      remoteAddress: request.raw.socket.remoteAddress,
    });
    if (credentialErrors.has(code)) this.#refused.write('warn', code, fields, 'credentials refused');
    else this.#refused.write(levelOf(code, status), code, fields, 'request refused');
  }
}

function levelOf(code: string, status: number): 'debug' | 'info' | 'warn' {
  if (quietErrors.has(code)) return 'debug';
  return status === 429 || status >= 500 ? 'warn' : 'info';
}

/** The query is left out: a caller may have put a secret into it. */
function requestFields({ method, url, routeOptions }: FastifyRequest) {
  return { method, path: shorten(url.split('?')[0] ?? '', maxReasonLength), route: routeOptions?.url };
}
