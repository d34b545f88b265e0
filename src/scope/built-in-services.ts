import type { CommandBus } from '../bus/command-bus.ts';
import type { DistributedBus } from '../bus/distributed-bus.ts';
import type { EventBus } from '../bus/event-bus.ts';
import type { SendContext } from '../bus/send-context.ts';
import type { Logger } from '../logger.ts';
import type { Message } from '../message/message.ts';

declare module '../parameter/references.ts' {
  interface References {
    /** Sends messages. In a handler, they inherit the headers and the correlation id of the handler's message. */
    readonly distributedBus: DistributedBus;
    /** Calls handlers of this process. In a handler, as `distributedBus`. */
    readonly commandBus: CommandBus;
    /** Calls handlers of this process. In a handler, as `distributedBus`. */
    readonly eventBus: EventBus;
    /** The message that is being handled. */
    readonly message: Message;
    /** Writes log lines. In a handler, they name its message. */
    readonly logger: Logger;
  }
}

/** The services that littoral registers itself, for the whole process and for one handler. */
export interface BuiltInServices {
  readonly logger: Logger;
  distributedBus(sendContext?: SendContext): DistributedBus;
  commandBus(sendContext?: SendContext): CommandBus;
  eventBus(sendContext?: SendContext): EventBus;
}

/** The names of what littoral registers itself. */
const builtInNames = ['distributedBus', 'commandBus', 'eventBus', 'message', 'logger'] as const;

export type BuiltInName = (typeof builtInNames)[number];

export function isBuiltIn(name: string): name is BuiltInName {
  return (builtInNames as readonly string[]).includes(name);
}
