import type { HandlerRegistry } from '../../handler/handler-registry.ts';
import { RoutingKeyIndex } from '../../message/routing-key-index.ts';
import { other } from './series-map.ts';

export interface KeyLabelsOptions {
  /** Routing keys, patterns of them, and names of services that are labels of their own. */
  readonly configured: readonly string[];
  /** Returns the handlers, whose keys are labels as well. They can change. */
  readonly registry: () => Pick<HandlerRegistry, 'handlers' | 'revision'>;
}

/**
 * The labels of routing keys. Callers choose the keys, so only those that the configuration or a handler names are
 * labels; a pattern is a label for all keys that it matches, and all further keys are `other`.
 */
export class KeyLabels {
  readonly #options: KeyLabelsOptions;
  #index = new RoutingKeyIndex<string>();
  #revision: number | undefined;

  constructor(options: KeyLabelsOptions) {
    this.#options = options;
  }

  /** Returns the label of a key. */
  of(key: unknown): string {
    if (typeof key !== 'string') return other;
    const { revision } = this.#options.registry();
    if (revision !== this.#revision) this.#build(revision);
    return this.#index.find(key)[0] ?? other;
  }

  /** Returns the label of the key of a handler, by its endpoint id. */
  ofEndpoint(endpointId: string | undefined): string {
    if (endpointId === undefined) return other;
    const handler = this.#options
      .registry()
      .handlers()
      .find((one) => one.endpointId === endpointId);
    return handler?.definition.routingKey ?? other;
  }

  #build(revision: number): void {
    const { configured, registry } = this.#options;
    const index = new RoutingKeyIndex<string>();
    const handlers = registry().handlers();
    for (const name of new Set([...configured, ...handlers.map(({ definition }) => definition.routingKey)])) {
      index.add(name, name);
    }
    this.#index = index;
    this.#revision = revision;
  }
}
