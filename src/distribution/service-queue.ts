import type { OwnQueue } from '../channel/message-channel.ts';

/** The queue that a service receives everything through. Named by Ecotone; others publish by this name. */
export function serviceQueue(service: string): string {
  return `distributed_${service}`;
}

/** Where messages of a service end that could not be handled. */
export function deadLetterQueue(service: string): string {
  return `${serviceQueue(service)}_dead_letter`;
}

/** Where the delayed messages of a service arrive when they are due, to be published. */
export function dueQueue(service: string): OwnQueue {
  return { queue: `littoral_${service}_due`, deadLetterQueue: deadLetterQueue(service), ordered: true };
}
