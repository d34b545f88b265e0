import type { ChannelModel } from 'amqplib';
import { errorMessage } from '../../errors.ts';

// A reply code names a class of errors, not a cause: RabbitMQ answers 406 to other arguments and to a vhost that may
// hold no more queues, 404 to a queue that does not exist and to one whose node is down. So each of these looks at the
// text as well, which is the same in 3.x and 4.x unless a comment says otherwise.

/** Returns the reply code of an error that amqplib made of the broker's answer; undefined for any other error. */
export function replyCode(error: unknown): number | undefined {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/**
 * Returns whether the broker says that a queue or an exchange does not exist. A durable queue whose node is down gets
 * the same code ("is down or inaccessible"; in 4.x also "failed to perform operation … due to timeout") and is not
 * absent.
 */
export function isAbsent(error: unknown): boolean {
  return replyCode(error) === 404 && /\bno (queue|exchange) '/.test(errorMessage(error));
}

/** Returns whether the broker refuses a declaration because a queue or an exchange of that name has other arguments. */
export function isMismatch(error: unknown): boolean {
  return replyCode(error) === 406 && /\binequivalent arg '/.test(errorMessage(error));
}

/** Returns whether a queue belongs to another connection, or a consumer has it for itself. */
export function isExclusive(error: unknown): boolean {
  const code = replyCode(error);
  return code === 405 || (code === 403 && /\bin exclusive use\b/.test(errorMessage(error)));
}

/**
 * Returns whether the broker user lacks a permission. 4.x says which one ("configure access to queue 'x' in vhost '/'
 * refused for user 'y'"), 3.x does not ("access to queue …").
 */
export function isAccessRefused(error: unknown): boolean {
  return (
    replyCode(error) === 403 && /\baccess to (?:queue|exchange|topic) '.* refused for user '/s.test(errorMessage(error))
  );
}

/** Returns the first number of the broker's version; 0 when it does not give one. */
export function brokerSeries(model: ChannelModel): number {
  return brokerVersion(model)[0];
}

/** Returns the first two numbers of the broker's version; zeros if the broker does not report it. */
export function brokerVersion(model: ChannelModel): readonly [series: number, minor: number] {
  const { version } = model.connection.serverProperties as { version?: unknown };
  const [, series = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(String(version)) ?? [];
  return [Number(series), Number(minor)];
}
