import type { Broker } from './broker.ts';

/** Makes a broker raise its memory alarm, or end it: during the alarm, the broker accepts no publishes. */
export async function setMemoryAlarm(broker: Broker, on: boolean): Promise<void> {
  await broker.rabbitmqctl('set_vm_memory_high_watermark', 'absolute', on ? '1' : '512MB');
}
