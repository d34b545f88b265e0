import { validateKey, validatePattern } from '../message/routing-key.ts';
import { deadLetterQueue, dueQueue, ownerOfDeadLetters, serviceOf } from '../wire/service-queue.ts';
import type { EventRoute, Routes } from './service-map.ts';

/** Returns the issue of the name of a queue that a service consumes; undefined for a good one. */
function validateQueue(queue: string): string | undefined {
  if (queue.startsWith('amq.')) return "begins with 'amq.', which RabbitMQ reserves";
  const owner = ownerOfDeadLetters(queue);
  if (owner !== undefined) return `is a queue for the dead letters of '${serviceOf(owner)}'`;
  if (/^littoral_.*_(due|delay_\d+)$/.test(queue)) return 'is a queue in which delayed messages wait';
  return validateKey(queue);
}

/** Returns the issue of the queue that a service consumes; undefined for a good one. */
export function validateOwnQueue(queue: string, service: string): string | undefined {
  const others = [deadLetterQueue(service), dueQueue(service).queue];
  return others.includes(queue)
    ? 'is a queue in which delayed messages or dead letters of this service wait'
    : validateQueue(queue);
}

/** Returns each problem of routes whose form is valid, with its path. */
export function validateRoutes({ services = {}, events = [] }: Routes): string[] {
  const issues: string[] = [];
  const add = (path: string, issue: string | undefined) => {
    if (issue !== undefined) issues.push(`routes.${path}: ${issue}`);
  };
  for (const [service, { queue }] of Object.entries(services)) {
    add(`services.${service}`, validateKey(service));
    add(`services.${service}.queue`, validateQueue(queue));
  }
  const addAll = (
    path: string,
    names: readonly (string | undefined)[],
    validate: (name: string) => string | undefined,
  ) => {
    for (const [at, name] of names.entries()) add(`${path}.${at}`, name === undefined ? missing : validate(name));
  };
  for (const [index, route] of (events as readonly (EventRoute | undefined)[]).entries()) {
    if (route === undefined) {
      add(`events.${index}`, missing);
      continue;
    }
    const { keys, queue, except = [] } = route;
    addAll(`events.${index}.keys`, keys, validatePattern);
    add(`events.${index}.queue`, validateQueue(queue));
    addAll(`events.${index}.except`, except, validateKey);
  }
  return issues;
}

/** The text for a hole in a list: JavaScript arrays can have holes, which no schema detects. */
const missing = 'is missing';
