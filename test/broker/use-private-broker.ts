import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Broker } from './broker.ts';
import { setMemoryAlarm } from './memory-alarm.ts';
import { startBroker } from './start-broker.ts';
import { createVhost, type Vhost } from './vhost.ts';

/** The broker and its vhost, which exist only inside tests and hooks. */
interface PrivateBroker {
  readonly broker: Broker;
  /** A fresh one for each test. */
  readonly vhost: Vhost;
  /** Makes the broker raise its memory alarm, or end it. The next test begins without an alarm. */
  alarm(on: boolean): Promise<void>;
}

/**
 * A broker for the tests of a file alone: started before the first, with a vhost for each, and closed after the last.
 * Each test begins with a broker that answers, whatever a test before it left behind.
 */
export function usePrivateBroker(): PrivateBroker {
  let broker: Broker;
  let vhost: Vhost;
  let isAlarmed = false;

  const alarm = async (on: boolean) => {
    isAlarmed = true;
    await setMemoryAlarm(broker, on);
    isAlarmed = on;
  };

  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker.close());
  beforeEach(async () => {
    await broker.restore();
    if (isAlarmed) await alarm(false);
    vhost = await createVhost(broker);
  });

  return {
    alarm,
    get broker() {
      return broker;
    },
    get vhost() {
      return vhost;
    },
  };
}
