/** Where a RabbitMQ answers. */
export interface BrokerAddress {
  /** AMQP address with credentials, for example `amqp://guest:guest@127.0.0.1:5672`. */
  readonly url: string;
  /** Origin of the management HTTP API, for example `http://127.0.0.1:15672`; the credentials are those of `url`. */
  readonly managementUrl: string;
  /** The port of the listener for TLS, where there is one. */
  readonly tlsPort?: number | undefined;
}

export interface BrokerOptions {
  /**
   * RabbitMQ's `dead_letter_worker_publisher_confirm_timeout`, after which it tries again what it could not dead-letter.
   * Default: RabbitMQ's own, 180,000.
   */
  readonly deadLetterRetryMs?: number;
  /** RabbitMQ's `quorum_tick_interval`, by which a quorum queue tells how much it holds. Default: RabbitMQ's own, 5000. */
  readonly quorumTickMs?: number;
  /**
   * Erlang's `net_ticktime` in seconds, after which the other nodes of a cluster take a silent node for down. Default:
   * Erlang's own, 60.
   */
  readonly netTickSeconds?: number;
  /** Listens for TLS as well, and demands a certificate of its clients. Default: no. */
  readonly tls?: BrokerTls;
  /** More plugins. Not in a container. */
  readonly plugins?: readonly string[];
  /** More lines of `rabbitmq.conf`. Not in a container. */
  readonly settings?: readonly string[];
}

/** Files in PEM, in one folder. A client whose certificate names a user may log in as that by EXTERNAL. */
export interface BrokerTls {
  readonly folder: string;
  /** Names of files in the folder. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The lines of `rabbitmq.conf` that a listener for TLS needs. */
export function tlsSettings({ ca, cert, key }: BrokerTls, listener: string, folder: string): string[] {
  return [
    `listeners.ssl.1 = ${listener}`,
    `ssl_options.cacertfile = ${folder}/${ca}`,
    `ssl_options.certfile = ${folder}/${cert}`,
    `ssl_options.keyfile = ${folder}/${key}`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = true',
    'ssl_cert_login_from = common_name',
    'auth_mechanisms.1 = PLAIN',
    'auth_mechanisms.2 = EXTERNAL',
  ];
}

/** The plugin by which a certificate logs in. */
export const tlsPlugin = 'rabbitmq_auth_mechanism_ssl';

/** The arguments of the Erlang VM that set these options. */
export function erlangArgsOf({ deadLetterRetryMs, quorumTickMs, netTickSeconds }: BrokerOptions): string[] {
  const settings = [
    ['-rabbit', 'dead_letter_worker_publisher_confirm_timeout', deadLetterRetryMs],
    ['-rabbit', 'quorum_tick_interval', quorumTickMs],
    ['-kernel', 'net_ticktime', netTickSeconds],
  ] as const;
  return settings.flatMap((setting) => (setting[2] === undefined ? [] : setting.map(String)));
}

/** A RabbitMQ of our own. Its ports and its data stay the same from `startBroker()` to `close()`. */
export interface Broker extends BrokerAddress {
  /** Starts the broker again after `stop()` or `kill()`; resolves when AMQP and the management API answer. */
  start(): Promise<void>;
  /** Ends the broker in good order: it closes its connections and writes down what it holds. */
  stop(): Promise<void>;
  /** Ends the broker like a power cut: connections break, and nothing more is written. */
  kill(): Promise<void>;
  /** Freezes the broker: connections stay open and nothing answers, as behind a dead network. */
  pause(): Promise<void>;
  /** Lets a frozen broker go on. */
  resume(): Promise<void>;
  /** Starts the broker if it is down, and resumes it if it is frozen: for what a failed test leaves behind. */
  restore(): Promise<void>;
  /** Runs `rabbitmqctl` against this broker and returns what it printed; throws with its output when it fails. */
  rabbitmqctl(...args: string[]): Promise<string>;
  /**
   * Evaluates Erlang in the broker. Starts no Erlang of its own where it can: `rabbitmqctl eval` takes fifty times as
   * much of the processor, and a busy machine minutes.
   *
   * @param expression Erlang expressions, separated by commas
   * @returns the value of the last one, as text: numbers, atoms and strings as Erlang prints them, which binaries may not be
   * @throws with the broker's error if an expression fails
   */
  evaluate(expression: string): Promise<string>;
  /** Ends the broker and removes its data and every process which belongs to it. May be called more than once. */
  close(): Promise<void>;
}
