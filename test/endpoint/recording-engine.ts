import type { Consumer, Subscription } from '../../src/engine/delivery.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { type InMemoryEngine, inMemoryFeatures } from '../../src/engine/in-memory/in-memory-engine.ts';
import type { Publication, PublishReceipt } from '../../src/engine/publication.ts';

/** What became of a delivery. */
export type Verdict = 'acknowledged' | 'released' | 'rejected';

/** An in-memory channel that notes what becomes of each delivery, and can fail. */
export class RecordingEngine implements Engine {
  readonly name = 'in-memory';
  readonly durable = false;
  readonly features = inMemoryFeatures;
  readonly verdicts: Verdict[] = [];
  /** How many deliveries were in hand at most. */
  mostUnacknowledged = 0;
  /** Called before each publish; what it throws, the publish rejects with. */
  beforePublish: (publication: Publication) => void | Promise<void> = () => {};
  /** Called before a delivery is settled; what it throws, settling throws. */
  beforeSettle: (verdict: Verdict) => void = () => {};
  /** Called before a consumer stops. */
  beforeStop: () => Promise<void> = async () => {};
  /** Number of deliveries beyond the requested ones that the next consumer takes, as one of RabbitMQ can. */
  beyondPrefetch = 0;
  /** The pause of a consumer, which those of the in-memory channel do not have. */
  pause: Consumer['pause'];
  readonly #channel: InMemoryEngine;
  #unacknowledged = 0;

  constructor(channel: InMemoryEngine) {
    this.#channel = channel;
  }

  start = () => this.#channel.start();
  health = () => this.#channel.health();
  status = () => this.#channel.status();
  countWaiting = (queue: string) => this.#channel.countWaiting(queue);
  hasRoomFor = () => this.#channel.hasRoomFor();
  publishesAtOnce = () => this.#channel.publishesAtOnce();
  roomMade = () => this.#channel.roomMade();
  hasQueue = (queue: string) => this.#channel.hasQueue(queue);
  close = (deadlineMs: number) => this.#channel.close(deadlineMs);
  browse: InMemoryEngine['browse'] = (queue, browsing) => this.#channel.browse(queue, browsing);
  keyMatcher: InMemoryEngine['keyMatcher'] = (bindingKeys) => this.#channel.keyMatcher(bindingKeys);
  messages = (queue: string) => this.#channel.messages(queue);

  async publish(publication: Publication): Promise<PublishReceipt> {
    await this.beforePublish(publication);
    return this.#channel.publish(publication);
  }

  subscribe(subscription: Subscription): Consumer {
    const pauseOf = () => this.pause;
    const consumer = this.#channel.subscribe({
      ...subscription,
      prefetch: subscription.prefetch + this.beyondPrefetch,
      onDelivery: (delivery) => {
        this.#unacknowledged += 1;
        this.mostUnacknowledged = Math.max(this.mostUnacknowledged, this.#unacknowledged);
        const settle = (verdict: Verdict, how: () => void) => () => {
          this.beforeSettle(verdict);
          this.verdicts.push(verdict);
          this.#unacknowledged -= 1;
          how();
        };
        subscription.onDelivery({
          ...delivery,
          get isLost() {
            return delivery.isLost;
          },
          acknowledge: settle('acknowledged', delivery.acknowledge),
          release: settle('released', delivery.release),
          reject: settle('rejected', delivery.reject),
        });
      },
    });
    return {
      get detached() {
        return consumer.detached;
      },
      waiting: () => consumer.waiting(),
      allowExtra: (count) => consumer.allowExtra(count),
      otherConsumers: () => consumer.otherConsumers(),
      get pause() {
        return pauseOf();
      },
      suspend: () => consumer.suspend(),
      resume: (prefetch) => consumer.resume(prefetch),
      stop: async () => {
        await this.beforeStop();
        await consumer.stop();
      },
    };
  }
}
