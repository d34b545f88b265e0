import type { Consumer, Delivery, Subscription } from '../engine/delivery.ts';
import { InMemoryEngine } from '../engine/in-memory/in-memory-engine.ts';
import type { ImmediatePublication, Publication, PublishReceipt } from '../engine/publication.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import type { Clock } from '../time/clock.ts';
import { dueQueue, serviceQueue } from '../wire/service-queue.ts';

/** A message that was published on the bus, not directly to a queue. */
export type BusPublication = ImmediatePublication & { readonly to: { readonly bus: string } };

/** An in-memory channel on which other services seem to exist, and which keeps what the gateway publishes. */
export class TestEngine extends InMemoryEngine {
  /** The messages that the gateway has published on the bus, in order. */
  readonly publications: BusPublication[] = [];
  /** Called when a message that was delayed has been published, or could not be. */
  onDueSettled: () => void = () => {};
  readonly #dueQueue: string;
  readonly #otherServices: readonly string[] | undefined;
  readonly #mappedQueues: readonly string[];
  readonly #dueInHand = new Set<Delivery>();

  /**
   * @param service the one under test
   * @param otherServices those that exist. Undefined: whichever is asked for
   * @param mappedQueues queues of other services in `routes`, which all exist
   */
  constructor(
    service: string,
    clock: Clock,
    otherServices: readonly string[] | undefined,
    mappedQueues: readonly string[] = [],
  ) {
    super({ clock });
    this.#mappedQueues = mappedQueues;
    this.#dueQueue = dueQueue(service).queue;
    this.#otherServices = otherServices;
  }

  /** Number of delayed messages that are due and not published yet. */
  get due(): number {
    return this.waiting(this.#dueQueue) + this.#dueInHand.size;
  }

  override subscribe(subscription: Subscription): Consumer {
    if (subscription.queue !== this.#dueQueue) return super.subscribe(subscription);
    return super.subscribe({
      ...subscription,
      onDelivery: (delivery) => {
        const settled = (settle: () => void) => () => {
          settle();
          this.#dueInHand.delete(delivery);
          this.onDueSettled();
        };
        this.#dueInHand.add(delivery);
        subscription.onDelivery({
          ...delivery,
          // Spreading would copy the value of this moment.
          get isLost() {
            return delivery.isLost;
          },
          acknowledge: settled(delivery.acknowledge),
          release: settled(delivery.release),
          reject: settled(delivery.reject),
        });
      },
    });
  }

  override async hasQueue(queue: string): Promise<boolean> {
    if ((await super.hasQueue(queue)) || this.#mappedQueues.includes(queue)) return true;
    return this.#exists((service) => serviceQueue(service) === queue);
  }

  override async publish(publication: Publication): Promise<PublishReceipt> {
    const receipt = await super.publish(publication);
    if (!isOnBus(publication)) return this.#published(publication, receipt);
    const forOneService = publication.message.headers[Header.payloadType] !== 'event';
    const routed = receipt.routed || (forOneService && this.#exists((service) => service === publication.to.bus));
    if (routed || !forOneService) this.publications.push({ ...publication, message: copy(publication.message) });
    return { routed };
  }

  /** Records a message to another service's queue. Events are recorded when they are published to the exchange. */
  #published({ to, ...publication }: Publication, receipt: PublishReceipt): PublishReceipt {
    if (!('queue' in to) || !this.#mappedQueues.includes(to.queue)) return receipt;
    const { headers } = publication.message;
    const bus = String(headers[Header.targetServiceName]);
    if (headers[Header.payloadType] !== 'event') {
      this.publications.push({ ...publication, to: { bus }, message: copy(publication.message) } as BusPublication);
    }
    return { routed: true };
  }

  /** Publishes what comes from outside of the gateway. */
  publishFromRemote(publication: Publication): Promise<PublishReceipt> {
    return super.publish(publication);
  }

  #exists(isMeant: (service: string) => boolean): boolean {
    return this.#otherServices?.some(isMeant) ?? true;
  }
}

function isOnBus(publication: Publication): publication is BusPublication {
  return 'bus' in publication.to;
}

/** The publisher keeps the bytes, and may change them. */
function copy({ headers, body }: TransportMessage): TransportMessage {
  return { headers, body: new Uint8Array(body) };
}
