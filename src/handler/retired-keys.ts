import { validatePattern, widenedPattern } from '../message/routing-key.ts';
import { handlerKind, isHandlerDefinition } from './handler-definition.ts';

/**
 * Returns each problem with the keys to unbind, with its path. Values of the wrong kind are
 * left to the schema.
 *
 * @param handlers the configured handlers
 * @param service the service, whose name is a key of the queue as well
 */
export function validateRetiredKeys(retiredKeys: unknown, handlers: unknown, service: unknown): string[] {
  if (!Array.isArray(retiredKeys)) return [];
  const bound = boundKeys(handlers);
  return retiredKeys.flatMap((key: unknown, index) => {
    const issue = typeof key === 'string' ? validateRetiredKey(key, bound, service) : undefined;
    return issue === undefined ? [] : [`retiredKeys.${index}: ${issue}`];
  });
}

function validateRetiredKey(key: string, bound: ReadonlyMap<string, string>, service: unknown): string | undefined {
  const issue = validatePattern(key);
  if (issue !== undefined) return issue;
  const widened = widenedPattern(key);
  if (widened === service) return `'${key}' is the name of the service, by which commands reach it`;
  const routingKey = bound.get(widened);
  if (routingKey === undefined) return undefined;
  return `'${key}' is bound for the event handler of '${routingKey}'. Remove the handler, or keep the key`;
}

/** Returns the widened patterns of distributed handlers, each with the routing key of one handler. */
function boundKeys(handlers: unknown): Map<string, string> {
  const list: readonly unknown[] = Array.isArray(handlers) ? handlers : [];
  const events = list.filter(
    (handler) => isHandlerDefinition(handler) && handler[handlerKind] === 'event' && handler.distributed === true,
  );
  const keys = events.map((handler) => (handler as { routingKey: unknown }).routingKey);
  return new Map(keys.flatMap((key) => (typeof key === 'string' ? [[widenedPattern(key), key] as const] : [])));
}
