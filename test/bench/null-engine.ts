import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import type { PublishReceipt } from '../../src/engine/publication.ts';

/** Accepts every message, and drops it. */
export class NullEngine extends InMemoryEngine {
  override async publish(): Promise<PublishReceipt> {
    return { routed: true };
  }
}
