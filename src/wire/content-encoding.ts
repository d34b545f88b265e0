import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions } from 'node:zlib';
import { LittoralError } from '../errors.ts';
import { Header, type MessageHeaders } from '../message/message-headers.ts';

type Decompress = (body: Uint8Array, maxBytes: number) => Promise<Uint8Array>;

const decompressors: Readonly<Record<string, Decompress>> = {
  gzip: decompressor(gunzip as never),
  'x-gzip': decompressor(gunzip as never),
  br: decompressor(brotliDecompress as never),
  deflate: (body, maxBytes) => (hasZlibHeader(body) ? inflated : inflatedRaw)(body, maxBytes),
};
const inflated = decompressor(inflate as never);
const inflatedRaw = decompressor(inflateRaw as never);

/** Names that do not mean compression. Several clients put the character encoding there. */
const uncompressed: ReadonlySet<string> = new Set(['identity', 'utf-8', 'utf8', 'us-ascii', 'ascii', 'binary']);

/** Maximum number of codings. Nested compression has no use, and many layers are an attack. */
const maxCodings = 3;

/**
 * Decompresses a body by its content encoding (RFC 9110 section 8.4), off the event loop.
 *
 * @param maxBytes maximum size of the decompressed body
 * @returns the body itself if it is not compressed
 * @throws LittoralError `unsupported-content-encoding`, `malformed-body`, `body-too-large`
 */
export async function decodeContent(body: Uint8Array, headers: MessageHeaders, maxBytes: number): Promise<Uint8Array> {
  let decoded = body;
  // The last coding was applied last.
  for (const coding of codingsOf(headers).reverse()) decoded = await decodeOne(decoded, coding, maxBytes);
  return decoded;
}

/** Returns whether a message has a content encoding that `decodeContent` has to handle. */
export function isEncoded(headers: MessageHeaders): boolean {
  return headers[Header.contentEncoding] !== undefined;
}

function codingsOf(headers: MessageHeaders): string[] {
  const value = headers[Header.contentEncoding];
  if (value === undefined) return [];
  const names = typeof value === 'string' ? value.split(',') : [''];
  const codings = names
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && !uncompressed.has(name));
  const unknown = codings.find((name) => !Object.hasOwn(decompressors, name));
  if (typeof value === 'string' && unknown === undefined && codings.length <= maxCodings) return codings;
  const found =
    unknown === undefined ? `names ${codings.length} codings` : `is '${unknown.slice(0, 64).toWellFormed()}'`;
  throw new LittoralError(
    'unsupported-content-encoding',
    `The content encoding ${found}. Supported: gzip, deflate, br and identity, and at most ${maxCodings} of them.`,
  );
}

async function decodeOne(body: Uint8Array, coding: string, maxBytes: number): Promise<Uint8Array> {
  try {
    return await (decompressors[coding] as Decompress)(body, maxBytes);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      const detail = `The body has more than ${maxBytes} bytes once it is decompressed (${coding}); see maxDecodedBytes.`;
      throw new LittoralError('body-too-large', detail, { cause });
    }
    throw new LittoralError('malformed-body', `The body is not what its content encoding says: ${coding}.`, { cause });
  }
}

interface Decompressed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function decompressor(decompress: (body: Uint8Array, options: ZlibOptions, done: never) => void): Decompress {
  const run = promisify(decompress as never) as unknown as (body: Uint8Array, options: object) => Promise<Decompressed>;
  return async (body, maxBytes) => {
    const { buffer, engine } = await run(body, { maxOutputLength: maxBytes, info: true });
    // zlib ignores bytes behind the end of the data.
    if (engine.bytesWritten !== body.byteLength) throw new Error('there are bytes after its end');
    return buffer;
  };
}

/** Returns whether a body has a zlib header. Some senders omit it, although RFC 9110 requires it. */
function hasZlibHeader(body: Uint8Array): boolean {
  const [first = 0, second = 0] = body;
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
