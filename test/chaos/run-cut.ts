import type { Delivery } from '../../src/engine/delivery.ts';
import { isLittoralError } from '../../src/errors.ts';
import { Header } from '../../src/message/message-headers.ts';
import { eventually } from '../broker/eventually.ts';
import { createAmqpEngine } from '../engine/amqp/create-amqp-engine.ts';
import { type Cut, type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';

export interface CutRunOptions {
  /** AMQP address of the broker, with a vhost. */
  readonly url: string;
  /** Names the queues. A new name has nothing declared yet. */
  readonly service: string;
  /** True if a message is delayed, which needs new queues under a new name. */
  readonly isDelaying?: boolean;
  /** Default: nothing is cut. */
  readonly cut?: Cut | undefined;
}

export interface CutRun {
  readonly carried: CuttingProxy['carried'];
  readonly bodies: CuttingProxy['bodies'];
  readonly hasCut: boolean;
  /** Guarantees that were violated. */
  readonly violations: readonly string[];
}

const recoveryMs = 40_000;

/** Number of runs so far. */
let runs = 0;

/**
 * Connects, declares, consumes, publishes, delays and browses through a proxy that is cut, and then checks that the
 * channel publishes and consumes again, and that each message has the outcome that was reported to its publisher.
 */
export async function runCut({ url, service, isDelaying = false, cut }: CutRunOptions): Promise<CutRun> {
  const way = new URL(url);
  const proxy = await startCuttingProxy(Number(way.port), cut);
  way.hostname = '127.0.0.1';
  way.port = String(proxy.port);
  runs += 1;
  const mark = `${service} ${runs}`;
  const ledger = new CutLedger(mark);
  const channel = createAmqpEngine({
    url: way.href,
    service,
    heartbeatSeconds: 1,
    connectTimeoutMs: 2_000,
    confirmTimeoutMs: 8_000,
    topologyCheckMs: 3_600_000,
  });
  const own = { queue: `distributed_${service}`, deadLetterQueue: `distributed_${service}_dead_letter` };
  const onDelivery = (delivery: Delivery) => ledger.received(delivery);
  channel.subscribe({ ...own, bindingKeys: [service], prefetch: 4, onDelivery });
  const send = (id: string, delayMs?: number) => {
    const message = { headers: { [Header.id]: `${mark} ${id}` }, body: Buffer.from(id) };
    const publication =
      delayMs === undefined ? { to: { bus: service }, message } : ({ to: own, message, delayMs } as const);
    return ledger.sent(`${mark} ${id}`, () => channel.publish(publication));
  };
  try {
    await channel.start();
    const looked = channel.browse(own.deadLetterQueue, { visit: () => 'keep' }).catch(() => {});
    const delayed = isDelaying ? send('delayed', 1) : undefined;
    for (let index = 0; index < 3; index += 1) await Promise.all([send(`${index}a`), send(`${index}b`)]);
    await Promise.all([looked, delayed]);
    await ledger.untilRecovered(() => channel.health(), send);
    await ledger.untilAllArrived();
    // The cut can come as late as here.
    await eventually(() => channel.browse(own.deadLetterQueue, { visit: () => 'keep' }), { timeoutMs: recoveryMs });
  } catch (error) {
    ledger.violations.push(error instanceof Error ? error.message : String(error));
  }
  await channel.close(2_000);
  await eventually(
    () => {
      if (proxy.open > 0) throw new Error(`${proxy.open} connections are still open`);
    },
    { timeoutMs: 10_000 },
  ).catch((error) => ledger.violations.push(String(error)));
  await proxy.close();
  return {
    carried: { ...proxy.carried },
    bodies: [...proxy.bodies],
    hasCut: proxy.hasCut,
    violations: ledger.violations,
  };
}

/** The sent messages with their reported outcomes, and the messages that arrived. */
class CutLedger {
  readonly violations: string[] = [];
  readonly #mark: string;
  readonly #accepted = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #sent = new Set<string>();
  readonly #arrived = new Set<string>();
  #attempts = 0;

  /** @param mark begins the id of each message of this run */
  constructor(mark: string) {
    this.#mark = mark;
  }

  received(delivery: Delivery): void {
    const id = String(delivery.message.headers[Header.id]);
    delivery.acknowledge();
    // A message of an earlier run in the same queue: its reported outcome is unknown.
    if (!id.startsWith(`${this.#mark} `)) return;
    this.#arrived.add(id);
    if (!this.#sent.has(id)) this.violations.push(`'${id}' arrived, and was never sent`);
    if (this.#refused.has(id)) this.violations.push(`'${id}' arrived, and was refused`);
  }

  /** @returns whether it was accepted */
  async sent(id: string, publish: () => Promise<{ readonly routed: boolean }>): Promise<boolean> {
    this.#sent.add(id);
    try {
      const { routed } = await publish();
      if (routed) this.#accepted.add(id);
      return routed;
    } catch (error) {
      if (!isLittoralError(error)) this.violations.push(`'${id}' failed with ${String(error)}`);
      else if (error.outcome === 'not-accepted') this.#refused.add(id);
      return false;
    }
  }

  async untilRecovered(
    health: () => { readonly ready: boolean; readonly reason?: string | undefined },
    send: (id: string) => Promise<boolean>,
  ): Promise<void> {
    await eventually(
      async () => {
        this.#attempts += 1;
        const id = `again ${this.#attempts}`;
        if (!(await send(id))) throw new Error(`publishing does not go on: ${health().reason}`);
        await this.#untilArrived(`${this.#mark} ${id}`);
        const { ready, reason } = health();
        if (!ready) throw new Error(`not ready, although it publishes and consumes: ${reason}`);
      },
      { timeoutMs: recoveryMs },
    );
  }

  async untilAllArrived(): Promise<void> {
    for (const id of this.#accepted) await this.#untilArrived(id);
  }

  async #untilArrived(id: string): Promise<void> {
    await eventually(
      () => {
        if (!this.#arrived.has(id)) throw new Error(`'${id}' was accepted, and has not arrived`);
      },
      { timeoutMs: recoveryMs, intervalMs: 10 },
    );
  }
}
