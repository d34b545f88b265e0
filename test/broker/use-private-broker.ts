import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Broker } from './broker.ts';
import { startBroker } from './start-broker.ts';
import { createVhost, type Vhost } from './vhost.ts';

/** The broker and its vhost, which exist only inside tests and hooks. */
interface PrivateBroker {
  readonly broker: Broker;
  /** A fresh one for each test. */
  readonly vhost: Vhost;
}

/**
 * A broker for the tests of a file alone: started before the first, with a vhost for each, and closed after the last.
 */
export function usePrivateBroker(): PrivateBroker {
  let broker: Broker;
  let vhost: Vhost;

  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker.close());
  beforeEach(async () => {
    vhost = await createVhost(broker);
  });

  return {
    get broker() {
      return broker;
    },
    get vhost() {
      return vhost;
    },
  };
}
