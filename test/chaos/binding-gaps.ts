import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../broker/broker.ts';
import { createManagement } from '../broker/management.ts';
import type { Environment } from './environment.ts';
import { type BindingGap, ledgerTime } from './ledger.ts';

// Nothing here deletes the queue of a service: RabbitMQ deletes its messages with it, which no gateway can restore.

const busExchange = 'ecotone.distributed';
const queuePrefix = 'distributed_';

/** A binding of the queue of a service to the bus. */
export interface Binding {
  readonly service: string;
  readonly key: string;
}

/**
 * Deletes the exchange of the bus, and waits until every binding is back.
 *
 * @returns when each binding was missing
 */
export async function deleteExchange(environment: Environment): Promise<BindingGap[]> {
  return watchGaps(
    environment,
    () => true,
    () => environment.vhost.deleteExchange(busExchange),
  );
}

/**
 * Deletes some bindings of the services, and waits until all are back.
 *
 * @returns when each binding was missing
 */
export async function deleteBindings(
  environment: Environment,
  isChosen: (binding: Binding) => boolean,
): Promise<BindingGap[]> {
  return watchGaps(environment, isChosen, async (chosen) => {
    for (const { service, key } of chosen) {
      await environment.vhost.deleteBinding({
        source: busExchange,
        destination: queuePrefix + service,
        routingKey: key,
      });
    }
  });
}

/** Milliseconds between two listings of the bindings. */
const everyMs = 50;

/** Time limit for the gateways: several checks, on a slow machine. */
const restoredWithinMs = 120_000;

async function watchGaps(
  environment: Environment,
  isChosen: (binding: Binding) => boolean,
  remove: (chosen: readonly Binding[]) => Promise<void>,
): Promise<BindingGap[]> {
  const nodes = environment.cluster?.nodes ?? [environment.broker];
  const present = await bindings(environment.broker, environment);
  const missing = present.filter(isChosen);
  if (missing.length === 0)
    throw new Error(
      `No binding to delete. There are: ${present.map(({ service, key }) => `${service} by '${key}'`).join(', ')}.`,
    );
  const from = ledgerTime();
  await remove(missing);
  const seen = new Set<Binding>();
  const gaps: BindingGap[] = [];
  while (gaps.length < missing.length) {
    if (ledgerTime() > from + restoredWithinMs) throw new Error(`The gateways do not restore ${show(missing, seen)}.`);
    const lists = await Promise.all(nodes.map((node) => bindings(node, environment)));
    const until = ledgerTime();
    for (const binding of missing) {
      if (gaps.some(({ service, key }) => service === binding.service && key === binding.key)) continue;
      const isBack = lists.every((list) => list.some((each) => isSame(each, binding)));
      // RabbitMQ lists a binding just before it routes by it, so one listing is no proof.
      if (isBack && seen.has(binding)) gaps.push({ ...binding, from, until });
      else if (isBack) seen.add(binding);
    }
    await delay(everyMs);
  }
  return gaps;
}

/** Returns the bindings of the services to the bus, as one node reports them. */
async function bindings(node: Broker, { vhost }: Environment): Promise<Binding[]> {
  const list = await createManagement(node).get<ListedBinding[]>(`/api/bindings/${vhost.name}`);
  return list
    .filter(({ source, destination }) => source === busExchange && destination.startsWith(queuePrefix))
    .map(({ destination, routing_key: key }) => ({ service: destination.slice(queuePrefix.length), key }));
}

interface ListedBinding {
  readonly source: string;
  readonly destination: string;
  readonly routing_key: string;
}

function isSame(one: Binding, other: Binding): boolean {
  return one.service === other.service && one.key === other.key;
}

function show(missing: readonly Binding[], seen: ReadonlySet<Binding>): string {
  const left = missing.filter((binding) => !seen.has(binding));
  return left.map(({ service, key }) => `the binding of ${service} by '${key}'`).join(', ');
}
