import { wayToBroker } from './way-to-broker.ts';

const headBytes = 7;

/** The AMQP 0-9-1 class and method of a frame from the broker. */
export const methods = { openOk: 0x0014_000b, channelClose: 0x0014_0028, ack: 0x003c_0050 } as const;

/**
 * A proxy to the broker that drops some of the broker's methods, while everything else arrives.
 *
 * @param isDropped called for each method of the broker, with the number of the connection, from 0
 */
export function wayOfFrames(url: string, isDropped: (method: number, connection: number) => boolean): Promise<string> {
  let connections = 0;
  return wayToBroker(url, (client, broker) => {
    const connection = connections++;
    let rest = Buffer.alloc(0);
    client.pipe(broker);
    broker.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= headBytes) {
        const end = headBytes + rest.readUInt32BE(3) + 1;
        if (rest.length < end) return;
        const method = rest[0] === 1 ? rest.readUInt32BE(headBytes) : undefined;
        if (method === undefined || !isDropped(method, connection)) client.write(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
    });
  });
}
