import type { Clock } from '../channel/clock.ts';
import { InMemoryChannel } from '../channel/in-memory-channel.ts';
import type { Publication, PublishReceipt } from '../channel/message-channel.ts';
import { serviceQueue } from '../distribution/service-queue.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';

/** What was published on the bus, not straight to a queue. */
export type BusPublication = Publication & { readonly to: { readonly bus: string } };

/** An in-memory channel on which other services seem to exist, and which keeps what the gateway publishes. */
export class TestChannel extends InMemoryChannel {
  /** What the gateway has published on the bus, in that order. */
  readonly publications: BusPublication[] = [];
  readonly #otherServices: readonly string[] | undefined;

  /** @param otherServices those that exist. Undefined: whichever is asked for */
  constructor(clock: Clock, otherServices: readonly string[] | undefined) {
    super({ clock });
    this.#otherServices = otherServices;
  }

  override async hasQueue(queue: string): Promise<boolean> {
    return (await super.hasQueue(queue)) || this.#exists((service) => serviceQueue(service) === queue);
  }

  override async publish(publication: Publication): Promise<PublishReceipt> {
    const receipt = await super.publish(publication);
    if (!isOnBus(publication)) return receipt;
    const forOneService = publication.message.headers[Header.payloadType] !== 'event';
    const routed = receipt.routed || (forOneService && this.#exists((service) => service === publication.to.bus));
    if (routed || !forOneService) this.publications.push({ ...publication, message: copy(publication.message) });
    return { routed };
  }

  /** Publishes what comes from outside of the gateway. */
  publishFromOutside(publication: Publication): Promise<PublishReceipt> {
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
