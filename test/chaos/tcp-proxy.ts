import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between clients and a server, which can fail. */
export interface TcpProxy {
  readonly port: number;
  /** Ends every connection, without a farewell on either side, and refuses new ones until `mend`. */
  cut(): void;
  /** Carries nothing any more, while connections stay open and new ones are accepted, until `mend`. */
  stall(): void;
  /** Carries what clients write, but nothing of what the server answers, until `mend`, which then ends the connections. */
  loseAnswers(): void;
  mend(): void;
  close(): Promise<void>;
}

type State = 'fine' | 'cut' | 'stalled' | 'answers lost';

/** One connection of a client, and ours to the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Listens on a free port of 127.0.0.1, and carries to another. */
export async function startTcpProxy(serverPort: number): Promise<TcpProxy> {
  let state: State = 'fine';
  const pairs = new Set<Pair>();

  const apply = ({ client, server }: Pair) => {
    if (state === 'cut') return end({ client, server });
    // A paused socket is not read: the system's buffers fill up, as behind a network that drops every packet.
    if (state === 'stalled') client.pause();
    else client.resume();
    if (state === 'stalled' || state === 'answers lost') server.pause();
    else server.resume();
  };
  const end = (pair: Pair) => {
    pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.server.destroy();
  };
  const change = (to: State) => {
    state = to;
    for (const pair of [...pairs]) apply(pair);
  };

  const listener = createServer((client) => {
    const pair = { client, server: connect(serverPort, '127.0.0.1') };
    pairs.add(pair);
    for (const [from, to] of [
      [client, pair.server],
      [pair.server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        if (to.write(chunk)) return;
        from.pause();
        to.once('drain', () => apply(pair));
      });
      from.on('error', () => end(pair));
      from.on('end', () => to.end());
      from.on('close', () => end(pair));
    }
    apply(pair);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    cut: () => change('cut'),
    stall: () => change('stalled'),
    loseAnswers: () => change('answers lost'),
    mend() {
      if (state === 'answers lost') for (const pair of [...pairs]) end(pair);
      change('fine');
    },
    async close() {
      change('cut');
      listener.close();
      await once(listener, 'close');
    },
  };
}
