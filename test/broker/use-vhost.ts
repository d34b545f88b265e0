import { afterAll, beforeAll, inject } from 'vitest';
import type {} from './global-setup.ts';
import { createVhost, type Vhost } from './vhost.ts';

/** A fresh vhost for the tests of a file (or of a `describe`): created before the first, deleted after the last. */
export function useVhost(): Vhost {
  let created: Vhost | undefined;

  beforeAll(async () => {
    created = await createVhost({ url: inject('brokerUrl'), managementUrl: inject('managementUrl') });
  });
  afterAll(async () => {
    await created?.close();
  });

  const vhost = () => {
    if (!created)
      throw new Error('useVhost(): there is a vhost only inside tests and hooks, not while tests are declared.');
    return created;
  };
  return {
    get name() {
      return vhost().name;
    },
    get url() {
      return vhost().url;
    },
    queues: () => vhost().queues(),
    bindings: () => vhost().bindings(),
    connections: () => vhost().connections(),
    closeConnections: () => vhost().closeConnections(),
    messages: (queue) => vhost().messages(queue),
    setPolicy: (name, policy) => vhost().setPolicy(name, policy),
    deletePolicy: (name) => vhost().deletePolicy(name),
    limitQueues: (value) => vhost().limitQueues(value),
    deleteQueue: (queue) => vhost().deleteQueue(queue),
    deleteExchange: (exchange) => vhost().deleteExchange(exchange),
    deleteBinding: (binding) => vhost().deleteBinding(binding),
    close: () => vhost().close(),
  };
}
