import type { Broker } from './broker.ts';

/** Sets the share of the machine's memory from which on the broker raises its alarm, as an Erlang term. */
export async function setMemoryWatermark(broker: Broker, watermark: string): Promise<void> {
  await broker.evaluate(`vm_memory_monitor:set_vm_memory_high_watermark(${watermark})`);
}

/** Makes a broker raise its memory alarm, or end it: during the alarm, the broker accepts no publishes. */
export async function setMemoryAlarm(broker: Broker, on: boolean): Promise<void> {
  await setMemoryWatermark(broker, on ? '{absolute, 1}' : '{absolute, 512000000}');
}
