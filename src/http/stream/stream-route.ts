import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseMediaType } from '../../conversion/media-type.ts';
import { LittoralError } from '../../errors.ts';
import { errorFields } from '../../text/error-chain.ts';
import type { BodyMemory } from '../body/body-memory.ts';
import type { Connections } from '../connections.ts';
import { isLines } from '../entries/entries-to-message.ts';
import { readEntryDefaults } from '../entries/entry-defaults.ts';
import { withoutDetails } from '../insiders.ts';
import { noSniffing } from '../problem.ts';
import { mappingFor, type PublishContext } from '../send/publish-route.ts';
import { EntryStream, type Readiness } from './entry-stream.ts';
import type { OpenStreams } from './open-streams.ts';

/** The parts of a gateway that streams use. */
export interface StreamContext {
  readonly publishing: PublishContext;
  readonly streams: OpenStreams;
  readonly memory: BodyMemory;
  readonly connections: Connections;
  readonly minBytesPerSecond: number;
  readonly health: () => Readiness;
  readonly isInsider: (request: FastifyRequest) => boolean;
  /** Logs the entries of a request that its caller may not send. */
  readonly logRefused: (request: FastifyRequest) => void;
}

/** Returns the handler of streams. Its answer begins at once and is written as entries are confirmed. */
export function streamHandler(context: StreamContext) {
  const { publishing, streams, memory, connections, minBytesPerSecond, health, isInsider, logRefused } = context;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { raw, log } = request;
    const { access, limits } = publishing;
    if (publishing.isDraining()) {
      throw new LittoralError('draining', 'Nothing was sent: this gateway is shutting down.');
    }
    if (!isLines(parseMediaType(request.headers['content-type'] ?? ''))) throw unsupported();
    const defaults = readEntryDefaults(raw.rawHeaders, mappingFor(request, publishing));
    streams.assertRoom();
    const isInside = isInsider(request);
    const stream = new EntryStream(raw, reply.raw, {
      sends: publishing.bus.openSends(),
      defaults,
      assertGranted: access && ((entry) => access.assertGranted(request, entry)),
      count: limits?.ofStream(request),
      bodyLimit: publishing.batchLimits.bodyLimit,
      minBytesPerSecond,
      memory,
      health,
      onEnd: () => connections.closeStream(raw, reply.raw),
      shown: (error) => (isInside ? error : withoutDetails(error)),
      onUnexpected: (error) => log.error({ err: errorFields(error) }, 'entry of a stream failed'),
    });
    const ended = streams.add(stream);
    connections.openStream(raw);
    reply.hijack();
    reply.raw.writeHead(200, {
      ...noSniffing,
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      // Asks nginx to pass each line on as it comes.
      'x-accel-buffering': 'no',
    });
    reply.raw.flushHeaders();
    await stream.run().finally(ended);
    // If a stream is cut off, Fastify emits no event for the end of its response.
    logRefused(request);
  };
}

function unsupported(): LittoralError {
  return new LittoralError(
    'unsupported-media-type',
    'A stream is application/x-ndjson, with an entry in each line; the Content-Type says so.',
  );
}
