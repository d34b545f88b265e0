import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes, most of which they wait for brokers that start, elect leaders or find others dead. */
export const longFiles = [
  'test/chaos/cluster.rabbit.test.ts',
  'test/chaos/chaos.rabbit.test.ts',
  'test/engine/amqp/amqp-engine.rabbit.test.ts',
  'test/engine/amqp/broker-outage.rabbit.test.ts',
  'test/broker/broker-cluster.rabbit.test.ts',
  'test/engine/amqp/delay/amqp-delays.rabbit.test.ts',
  'test/flow/nodes-down.rabbit.test.ts',
  'test/flow/delays.rabbit.test.ts',
];

/** Starts the long files before all others: while they wait, others compute, and none of them runs alone at the end. */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return longFirst(await super.sort(files));
  }
}

/** Returns the long files, the longest first, and the others in their order, which keeps those of a project together. */
export function longFirst<T extends Pick<TestSpecification, 'moduleId'>>(files: readonly T[]): T[] {
  const rankOf = ({ moduleId }: T) => {
    const rank = longFiles.findIndex((name) => moduleId.endsWith(`/${name}`));
    return rank === -1 ? longFiles.length : rank;
  };
  return [...files].sort((one, other) => rankOf(one) - rankOf(other));
}
