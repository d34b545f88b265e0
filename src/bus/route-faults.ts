import { faultOfKey, faultOfPattern } from '../message/routing-key.ts';
import { deadLetterQueue, dueQueue, ownerOfDeadLetters } from '../wire/service-queue.ts';
import type { EventRoute, Routes } from './service-map.ts';

/** Returns what is wrong with the name of a queue that a service consumes; undefined for a good one. */
function faultOfQueue(queue: string): string | undefined {
  if (queue.startsWith('amq.')) return "begins with 'amq.', which RabbitMQ reserves";
  const owner = ownerOfDeadLetters(queue)?.replace(/^distributed_/, '');
  if (owner !== undefined) return `is a queue for the dead letters of '${owner}'`;
  if (/^littoral_.*_(due|delay_\d+)$/.test(queue)) return 'is a queue in which delayed messages wait';
  return faultOfKey(queue);
}

/** Returns what is wrong with the queue that a service consumes; undefined for a good one. */
export function faultOfOwnQueue(queue: string, service: string): string | undefined {
  const others = [deadLetterQueue(service), dueQueue(service).queue];
  return others.includes(queue)
    ? 'is a queue in which delayed messages or dead letters of this service wait'
    : faultOfQueue(queue);
}

/** Returns each problem of routes whose form is valid, with its path. */
export function routeFaults({ services = {}, events = [] }: Routes): string[] {
  const faults: string[] = [];
  const add = (path: string, fault: string | undefined) => {
    if (fault !== undefined) faults.push(`routes.${path}: ${fault}`);
  };
  for (const [service, { queue }] of Object.entries(services)) {
    add(`services.${service}`, faultOfKey(service));
    add(`services.${service}.queue`, faultOfQueue(queue));
  }
  const addAll = (
    path: string,
    names: readonly (string | undefined)[],
    faultOf: (name: string) => string | undefined,
  ) => {
    for (const [at, name] of names.entries()) add(`${path}.${at}`, name === undefined ? missing : faultOf(name));
  };
  for (const [index, route] of (events as readonly (EventRoute | undefined)[]).entries()) {
    if (route === undefined) {
      add(`events.${index}`, missing);
      continue;
    }
    const { keys, queue, except = [] } = route;
    addAll(`events.${index}.keys`, keys, faultOfPattern);
    add(`events.${index}.queue`, faultOfQueue(queue));
    addAll(`events.${index}.except`, except, faultOfKey);
  }
  return faults;
}

/** The text for a hole in a list: JavaScript arrays can have holes, which no schema detects. */
const missing = 'is missing';
