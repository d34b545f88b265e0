import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { BoundedLog } from '../observe/bounded-log.ts';
import type { GatewayMetrics } from '../observe/metrics/gateway-metrics.ts';
import { shorten } from '../text/shorten.ts';
import type { RefusedMessages } from './auth/access.ts';

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

/** Methods that are labels; others are `_OTHER` (OpenTelemetry, "HTTP Metrics"). */
const knownMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

/** The log of requests: each that was refused, within limits, and at the level `debug` each answer; and their metrics. */
export class RequestLog {
  readonly #logger: Logger;
  readonly #metrics: GatewayMetrics | undefined;
  /** The codes of the requests that were refused, until they are answered. */
  readonly #codes = new WeakMap<FastifyRequest, string>();
  readonly #refused: BoundedLog;

  /** @param metrics default: nothing is measured */
  constructor(logger: Logger, metrics?: GatewayMetrics) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#refused = new BoundedLog({ logger });
  }

  /** Logs an answer, at `debug`, and measures it. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    this.#measure(request, reply);
    if (!this.#logger.isLevelEnabled('debug')) return;
    const messageId = reply.getHeader('message-id');
    const ms = Math.round(reply.elapsedTime * 1000) / 1000;
    this.#logger.debug({ ...requestFields(request), status: reply.statusCode, ms, messageId }, 'request answered');
  }

  /** Logs a request that was refused. An error of the gateway itself is logged where it is found. */
  refused(request: FastifyRequest, error: LittoralError): void {
    const { code, status, messageId } = error;
    this.#codes.set(request, code);
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

  /** Logs a request that was refused before its method and path were known. */
  refusedUnread({ remoteAddress }: Socket, { code, status, message }: LittoralError): void {
    const fields = () => ({ code, status, reason: shorten(message, maxReasonLength), remoteAddress });
    this.#refused.write(levelOf(code, status), code, fields, 'request refused');
  }

  /** Logs the refused messages of a batch or a stream, unless the request itself was refused for the same reason. */
  refusedMessages(request: FastifyRequest, { count, first: { code, message } }: RefusedMessages): void {
    if (credentialErrors.has(this.#codes.get(request) ?? '')) return;
    const fields = () => ({
      ...requestFields(request),
      code,
      count,
      reason: shorten(message, maxReasonLength),
      remoteAddress: request.raw.socket.remoteAddress,
    });
    this.#refused.write('warn', `${code} of messages`, fields, 'messages of a request refused');
  }

  #measure(request: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void {
    if (this.#metrics === undefined) return;
    const { method, protocol, routeOptions } = request;
    const known = knownMethods.has(method) ? method : '_OTHER';
    const code = statusCode < 400 ? '' : (this.#codes.get(request) ?? '');
    const series = this.#metrics.requestDuration.at(known, routeOptions?.url ?? '', String(statusCode), code, protocol);
    series.record(elapsedTime / 1000);
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
