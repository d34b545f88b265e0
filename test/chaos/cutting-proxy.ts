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

/** Some of the bytes that were carried in a direction, counted as in `Cut`. */
export interface CarriedPart {
  readonly direction: Cut['direction'];
  readonly from: number;
  readonly until: number;
}

/** A proxy to the broker that cuts one connection, once. */
export interface CuttingProxy {
  readonly port: number;
  /** Number of bytes that have been carried in each direction. */
  readonly carried: Readonly<Record<Cut['direction'], number>>;
  /** The parts that lie within large frames, which are bodies: a cut there is like a cut one byte later. */
  readonly bodies: readonly CarriedPart[];
  /** True once the cut has been made. */
  readonly hasCut: boolean;
  /** Number of open connections. */
  readonly open: number;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1, and carries to a broker. */
export async function startCuttingProxy(brokerPort: number, cut?: Cut): Promise<CuttingProxy> {
  const carried = { 'to the broker': 0, 'from the broker': 0 };
  const bodies: CarriedPart[] = [];
  const sockets = new Set<Socket>();
  let hasCut = false;

  const carry = (from: Socket, to: Socket, direction: Cut['direction']) => {
    const frames = new FrameCounter(direction === 'to the broker' ? protocolHeaderBytes : 0);
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
        const large = frames.add(bytes);
        bodies.push(...large.map(({ from, until }) => ({ direction, from: before + from, until: before + until })));
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
    bodies,
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

const protocolHeaderBytes = 8;
const frameHeadBytes = 7;
const overheadBytes = 8;
const largeFrameBytes = 4096;

/** A parser that finds the ends of frames: each has a head with its size, its payload, and one byte. */
class FrameCounter {
  #head = Buffer.alloc(0);
  #missing: number;
  #isLarge = false;

  /** @param missing the number of bytes before the first frame */
  constructor(missing: number) {
    this.#missing = missing;
  }

  /** Returns whether the added bytes end with a whole frame. */
  get isWhole(): boolean {
    return this.#missing === 0 && this.#head.length === 0;
  }

  /** @returns the parts of the bytes that lie within a large frame */
  add(bytes: Buffer): Pick<CarriedPart, 'from' | 'until'>[] {
    const large: Pick<CarriedPart, 'from' | 'until'>[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, bytes.length - at);
        if (this.#isLarge) large.push({ from: at, until: at + taken });
        this.#missing -= taken;
        at += taken;
        continue;
      }
      const taken = frameHeadBytes - this.#head.length;
      this.#head = Buffer.concat([this.#head, bytes.subarray(at, at + taken)]);
      at += taken;
      if (this.#head.length < frameHeadBytes) break;
      this.#missing = this.#head.readUInt32BE(3) + overheadBytes - frameHeadBytes;
      this.#isLarge = this.#missing >= largeFrameBytes;
      this.#head = Buffer.alloc(0);
    }
    return large;
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
