import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../broker/eventually.ts';
import { untilDurable } from '../broker/until-durable.ts';
import { readCalls } from './call-log.ts';
import type { Environment } from './environment.ts';
import { ledgerTime } from './ledger.ts';
import { isOfService } from './missed-events.ts';

const policy = 'full-dead-letter-queues';

/** How many calls of its handlers show that a service goes on, although its dead letters find no room. */
const enoughHandled = 20;

/**
 * Leaves no room in the dead letter queues of all services: for as long as `hold` takes, and until each service has handled
 * messages meanwhile and one dead letter at least was set aside.
 */
export async function fillDeadLetterQueues(environment: Environment, hold: () => Promise<void>): Promise<void> {
  const { vhost, gateways, callLog } = environment;
  // In two steps: on RabbitMQ 3 a classic queue applies the length first, and drops what exceeds it.
  for (const maxLength of [1_000_000, 1]) {
    const definition = { 'max-length': maxLength, overflow: 'reject-publish' };
    await vhost.setPolicy(policy, { pattern: '^distributed_.+_dead_letter$', definition });
    await untilPoliciesApply();
  }
  try {
    const from = ledgerTime();
    await hold();
    const services = new Set(gateways.map(({ service }) => service));
    const look = () => {
      const calls = readCalls(callLog).filter(({ outcome, begunAt }) => outcome === 'succeeded' && begunAt >= from);
      for (const service of services) {
        const handled = calls.filter(({ endpoint }) => isOfService(endpoint, service)).length;
        if (handled < enoughHandled)
          throw new Error(`${service} handled ${handled} messages while its dead letter queue was full`);
      }
      const isSetAside = gateways.some(({ setAside }) => setAside.some(({ at }) => at >= from));
      if (!isSetAside) throw new Error('no dead letter was set aside while the dead letter queues were full');
    };
    // A slow machine needs minutes for as many failing messages as fill half of the places.
    await eventually(look, { timeoutMs: 300_000, intervalMs: 250 });
  } finally {
    await vhost.deletePolicy(policy);
    // Without this wait, a broker that is killed soon afterwards could restore the policy.
    await untilDurable();
  }
}

/** RabbitMQ does not say when its queues have read a policy. */
function untilPoliciesApply(): Promise<void> {
  return delay(500);
}
