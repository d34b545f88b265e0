import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Where and how a connection to the broker ends. */
export interface Cut {
  readonly direction: 'to the broker' | 'from the broker';
  /** Number of bytes in that direction, on all connections together, before the cut. */
  readonly afterBytes: number;
  /**
   * - `ended`: both sides see the end of the connection
   * - `closed`: the client reads a `connection.close` in the same bytes as the frame in which the cut is, then the end
   * - `silent`: nothing more is carried in that direction, and no side sees an end
   */
  readonly how: 'ended' | 'closed' | 'silent';
}

/** A proxy to the broker that cuts one connection, once. */
export interface CuttingProxy {
  readonly port: number;
  /** Number of bytes that have been carried in each direction. */
  readonly carried: Readonly<Record<Cut['direction'], number>>;
  /** True once the cut has been made. */
  readonly hasCut: boolean;
  /** Number of open connections. */
  readonly open: number;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1, and carries to a broker. */
export async function startCuttingProxy(brokerPort: number, cut?: Cut): Promise<CuttingProxy> {
  const carried = { 'to the broker': 0, 'from the broker': 0 };
  const sockets = new Set<Socket>();
  let hasCut = false;

  const carry = (from: Socket, to: Socket, direction: Cut['direction']) => {
    const frames = new FrameCounter();
    let isSilent = false;
    from.setNoDelay(true);
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on('data', (bytes: Buffer) => {
      if (isSilent) return;
      const before = carried[direction];
      carried[direction] += bytes.length;
      const isHere = cut && !hasCut && direction === cut.direction && carried[direction] > cut.afterBytes;
      if (!isHere) {
        frames.add(bytes);
        to.write(bytes);
        return;
      }
      hasCut = true;
      const kept = bytes.subarray(0, cut.afterBytes - before);
      if (cut.how === 'silent') {
        isSilent = true;
        to.write(kept);
      } else if (cut.how === 'closed' && direction === 'from the broker') {
        frames.add(kept);
        // To the end of a frame, or to that of the bytes that are there.
        const whole = bytes.subarray(0, kept.length + frames.missing(bytes.subarray(kept.length)));
        to.end(frames.isWhole ? Buffer.concat([whole, connectionClose]) : whole);
        from.destroy();
      } else {
        to.end(kept);
        from.end();
      }
    });
  };

  const listener = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1');
    sockets.add(client).add(broker);
    carry(client, broker, 'to the broker');
    carry(broker, client, 'from the broker');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    carried,
    get hasCut() {
      return hasCut;
    },
    get open() {
      return sockets.size / 2;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

const frameHeadBytes = 7;
const overheadBytes = 8;

/** A parser that finds the ends of the broker's frames: each has a head with its size, its payload, and one byte. */
class FrameCounter {
  #head = Buffer.alloc(0);
  #missing = 0;

  /** Returns whether the added bytes end with a whole frame. */
  get isWhole(): boolean {
    return this.#missing === 0 && this.#head.length === 0;
  }

  add(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, rest.length);
        this.#missing -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      const taken = frameHeadBytes - this.#head.length;
      this.#head = Buffer.concat([this.#head, rest.subarray(0, taken)]);
      rest = rest.subarray(taken);
      if (this.#head.length < frameHeadBytes) return;
      this.#missing = this.#head.readUInt32BE(3) + overheadBytes - frameHeadBytes;
      this.#head = Buffer.alloc(0);
    }
  }

  /** Adds what the frame that has begun still needs of some bytes, and returns how many that are. */
  missing(bytes: Buffer): number {
    let position = 0;
    while (!this.isWhole && position < bytes.length) {
      this.add(bytes.subarray(position, position + 1));
      position += 1;
    }
    return position;
  }
}

/** `connection.close` with 320, as a broker that shuts down sends it. */
const connectionClose = frame(
  Buffer.concat([
    Buffer.from([0, 10, 0, 50, 320 >> 8, 320 & 255]),
    shortText('CONNECTION_FORCED - cut'),
    Buffer.from([0, 0, 0, 0]),
  ]),
);

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

function frame(payload: Buffer): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, payload.length]);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}
