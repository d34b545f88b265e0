import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const lib = join(dirname(require.resolve('amqplib')), 'lib');

/** The encoder of the installed amqplib. The package does not export it. */
export const amqplibCodec: {
  readonly BasicPublish: number;
  readonly BasicProperties: number;
  encodeMethod(method: number, channel: number, fields: object): Buffer;
  /** Returns a frame. */
  encodeProperties(properties: number, channel: number, bodyBytes: number, fields: object): Buffer;
} = require(join(lib, 'defs.js'));

export const { makeBodyFrame }: { makeBodyFrame(channel: number, content: Buffer): Buffer } = require(
  join(lib, 'frame.js'),
);
