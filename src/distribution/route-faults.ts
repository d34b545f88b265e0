import { faultOfKey, faultOfPattern } from '../handler/routing-key.ts';
import type { Routes } from './service-map.ts';
import { deadLetterQueue, dueQueue, ownerOfDeadLetters } from './service-queue.ts';

/** Returns what is wrong with the name of a queue that a service consumes; undefined for a good one. */
export function faultOfQueue(queue: string): string | undefined {
  if (queue.startsWith('amq.')) return "begins with 'amq.', which RabbitMQ reserves";
  const owner = ownerOfDeadLetters(queue);
  if (owner !== undefined) return `is a queue for dead letters, of '${owner}'`;
  if (/^littoral_.*_(due|delay_\d+)$/.test(queue)) return 'is a queue in which delayed messages wait';
  return faultOfKey(queue);
}

/** Returns what is wrong with the queue that a service consumes; undefined for a good one. */
export function faultOfOwnQueue(queue: string, service: string): string | undefined {
  const others = [deadLetterQueue(service), dueQueue(service).queue];
  return others.includes(queue) ? 'is a queue that this service needs for something else' : faultOfQueue(queue);
}

/** Returns what is wrong with routes whose form is right, each with its path. */
export function routeFaults({ services = {}, events = [] }: Routes): string[] {
  const faults: string[] = [];
  const add = (path: string, fault: string | undefined) => {
    if (fault !== undefined) faults.push(`routes.${path}: ${fault}`);
  };
  for (const [service, { queue }] of Object.entries(services)) {
    add(`services.${service}`, faultOfKey(service));
    add(`services.${service}.queue`, faultOfQueue(queue));
  }
  for (const [index, { keys, queue, except = [] }] of events.entries()) {
    for (const [at, key] of keys.entries()) add(`events.${index}.keys.${at}`, faultOfPattern(key));
    add(`events.${index}.queue`, faultOfQueue(queue));
    for (const [at, service] of except.entries()) add(`events.${index}.except.${at}`, faultOfKey(service));
  }
  return faults;
}
