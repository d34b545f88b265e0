import { wayToBroker } from '../way-to-broker.ts';

const headBytes = 7;
const declareOk = 0x0032_000b;
const channelCloseOk = 0x0014_0029;

/** A proxy to a broker. It can make a queue seem busy. */
export interface BusyQueue {
  readonly url: string;
  /** Withholds the answers to a channel's close and to counts, as for a queue that requeues many messages. */
  begin(): void;
  /** Delivers the withheld answers. */
  end(): void;
}

/** Starts a proxy to the broker that can withhold the answers of one queue. All other answers arrive. */
export async function wayToBusyQueue(brokerUrl: string, queue: string): Promise<BusyQueue> {
  let isBusy = false;
  const withheld: (() => void)[] = [];
  const isOfQueue = (frame: Buffer) => {
    if (frame[0] !== 1) return false;
    const method = frame.readUInt32BE(headBytes);
    if (method !== declareOk) return method === channelCloseOk;
    const name = frame.subarray(headBytes + 5, headBytes + 5 + (frame[headBytes + 4] as number));
    return name.toString() === queue;
  };
  const url = await wayToBroker(brokerUrl, (client, broker) => {
    let rest = Buffer.alloc(0);
    client.pipe(broker);
    broker.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= headBytes) {
        const end = headBytes + rest.readUInt32BE(3) + 1;
        if (rest.length < end) return;
        const frame = rest.subarray(0, end);
        rest = rest.subarray(end);
        if (isBusy && isOfQueue(frame)) withheld.push(() => client.write(frame));
        else client.write(frame);
      }
    });
  });
  return {
    url,
    begin() {
      isBusy = true;
    },
    end() {
      isBusy = false;
      for (const send of withheld.splice(0)) send();
    },
  };
}
