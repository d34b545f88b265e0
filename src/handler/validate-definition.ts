import { validateDeduplicate } from '../deduplication/deduplication-key.ts';
import { validateKey, validatePattern } from '../message/routing-key.ts';
import { undefinedType } from '../parameter/argument-type.ts';
import { validateContentTypes } from './content-type-rule.ts';
import { validateArguments } from './handler-arguments.ts';
import { type HandlerDefinition, handlerKind, handlerOptions } from './handler-definition.ts';
import { validateTimeout } from './handler-timeout.ts';
import { validateRetries } from './retries.ts';

/** The keys and names of earlier handlers. */
export interface Taken {
  readonly commands: Set<string>;
  readonly endpointIds: Set<string>;
}

const maxEndpointIdBytes = 255;

/** Returns whether a value can be an endpoint id. */
export function isEndpointId(id: unknown): boolean {
  return typeof id === 'string' && id !== '' && id.isWellFormed() && Buffer.byteLength(id) <= maxEndpointIdBytes;
}

/**
 * Validates a handler, and adds its keys to those of earlier handlers.
 *
 * @param name the name of the handler in the issues
 * @returns all issues
 */
export function validateDefinition(
  definition: HandlerDefinition,
  name: string,
  { commands, endpointIds }: Taken,
): string[] {
  const issues: string[] = [];
  const { routingKey, endpointId, distributed } = definition;
  const isCommand = definition[handlerKind] === 'command';
  const issue =
    typeof routingKey !== 'string' ? 'is not a text' : (isCommand ? validateKey : validatePattern)(routingKey);
  if (issue) issues.push(`${name}: its routing key ${issue}`);
  if (isCommand && commands.has(routingKey)) {
    issues.push(`${name}: the command '${routingKey}' already has a handler; a command has exactly one`);
  } else if (isEndpointId(endpointId) && endpointIds.has(endpointId)) {
    issues.push(`${name}: another handler has that endpoint id; give one of them an endpointId of its own`);
  }
  if (endpointId !== routingKey && !isEndpointId(endpointId)) {
    issues.push(`${name}: its endpoint id is not a text of 1 to ${maxEndpointIdBytes} bytes`);
  }
  if (typeof distributed !== 'boolean') issues.push(`${name}: its 'distributed' is neither true nor false`);
  if (typeof definition.handle !== 'function') issues.push(`${name}: its 'handle' is not a function`);
  const surplus = validateArguments(definition);
  if (surplus) issues.push(`${name}: ${surplus}`);
  if (Object.hasOwn(definition, 'payload') && definition.payload === undefined) {
    issues.push(`${name}: its 'payload' is undefined; ${undefinedType}`);
  }
  if (definition.payload !== undefined && definition.parameters !== undefined) {
    issues.push(`${name}: has 'payload' beside 'parameters'; use payload(…) as one of the parameters`);
  }
  for (const option of Object.keys(definition).filter((key) => !(handlerOptions as readonly string[]).includes(key))) {
    issues.push(`${name}: '${option}' is not an option of a handler; there are ${handlerOptions.join(', ')}`);
  }
  const optionIssues = [
    validateDeduplicate(definition.deduplicate, distributed) ?? [],
    validateTimeout(definition.timeoutMs, distributed) ?? [],
    validateContentTypes(definition),
    validateRetries(definition.retries),
  ].flat();
  issues.push(...optionIssues.map((issue) => `${name}: ${issue}`));
  if (isCommand) commands.add(routingKey);
  endpointIds.add(endpointId);
  return issues;
}
