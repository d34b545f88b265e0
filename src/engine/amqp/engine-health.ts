import type { EngineHealth } from '../engine.ts';
import type { AmqpBusExchange } from './amqp-bus-exchange.ts';
import type { AmqpDeadLetterQueues } from './amqp-dead-letter-queues.ts';
import type { AmqpConnection } from './connection/amqp-connection.ts';
import type { AmqpDelays } from './delay/amqp-delays.ts';
import type { PermittedDeclarations } from './permitted-declarations.ts';
import type { AmqpOutbound } from './publish/amqp-outbound.ts';

/** The parts of an engine that can prevent it from publishing, or that can report a warning. */
export interface EngineParts {
  readonly publishing: AmqpConnection;
  readonly outbound: AmqpOutbound;
  readonly bus: AmqpBusExchange;
  readonly deadLetterQueues: AmqpDeadLetterQueues;
  readonly declarations: PermittedDeclarations;
  readonly delays: AmqpDelays;
}

/** Returns the health of an open engine: the first reason why it cannot publish, or all warnings. */
export function engineHealth(parts: EngineParts): EngineHealth {
  const { publishing, outbound, bus, deadLetterQueues, declarations, delays } = parts;
  const { failure, blocked } = publishing;
  if (bus.mismatch) return { ready: false, reason: bus.mismatch.message };
  if (failure) return { ready: false, reason: failure };
  if (blocked !== undefined) return { ready: false, reason: `the broker blocks publishing: ${blocked}` };
  if (!outbound.isOpen) return { ready: false, reason: 'the publishing channel is being opened again' };
  if (outbound.silence !== undefined) return { ready: false, reason: outbound.silence };
  if (outbound.problem !== undefined) return { ready: false, reason: outbound.problem };
  const warnings = [deadLetterQueues.problem, bus.warning, declarations.warning, delays.problem];
  const warning = warnings.filter((text) => text !== undefined).join('; ');
  return { ready: true, ...(warning !== '' && { warning }) };
}
