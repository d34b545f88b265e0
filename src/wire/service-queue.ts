import type { QueueSpec } from '../engine/publication.ts';

/** The queue that a service receives everything through. Named by Ecotone; others publish by this name. */
export function serviceQueue(service: string): string {
  return `distributed_${service}`;
}

/** Returns the service that a queue is named after; the name of the queue if it is another one. */
export function serviceOf(queue: string): string {
  const prefix = serviceQueue('');
  return queue.startsWith(prefix) ? queue.slice(prefix.length) : queue;
}

/** Returns the dead letter queue of a service. */
export function deadLetterQueue(service: string): string {
  return `${serviceQueue(service)}_dead_letter`;
}

// The second is locked by the process that browses the first.
const suffixesOfOtherQueues = ['_dead_letter', '_dead_letter_browser'];

/**
 * Returns the service whose dead letters are in the queue that a service of this name would have; undefined for a name
 * that a service can have.
 */
export function ownerOfDeadLetters(name: string): string | undefined {
  const suffix = suffixesOfOtherQueues.find((ending) => name.endsWith(ending));
  return suffix === undefined ? undefined : name.slice(0, -suffix.length);
}

const [beforeService, behindService] = ['littoral_', '_due'];

/** Returns the queue to which the delayed messages of a service return when they are due, to be published. */
export function dueQueue(service: string): QueueSpec {
  return {
    queue: `${beforeService}${service}${behindService}`,
    deadLetterQueue: deadLetterQueue(service),
    ordered: true,
  };
}

/** Returns whether a queue holds the due messages of a service. */
export function isDueQueue(queue: string): boolean {
  return queue.startsWith(beforeService) && queue.endsWith(behindService);
}
