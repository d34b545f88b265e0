/** Size of the buffer for one write. A publish whose frames are larger is not collected. */
export const chunkBytes = 64 * 1024;

const [methodFrame, headerFrame, bodyFrame, frameEnd] = [1, 2, 3, 0xce];
const basicClass = 60;
const publishMethod = 40;
const mandatoryBit = 1;
/** Bytes of a frame around its content: the type, the channel, the size and the end. */
const frameBytes = 8;
/** Bytes before the properties: the class, the weight and the size of the body. */
const contentHeadBytes = 12;

/** A publish whose properties are encoded. */
export interface EncodedPublish {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Buffer;
  readonly content: Buffer;
}

/**
 * Collects the frames of the publishes of one channel in large buffers, and writes each buffer at once. amqplib itself
 * writes each publish through two streams, which takes longer than encoding it.
 */
export class PublishChunks {
  readonly #channel: number;
  readonly #write: (bytes: Buffer) => void;
  #bytes: Buffer = Buffer.alloc(0);
  /** The bounds of the part of the buffer that is not written yet. */
  #start = 0;
  #end = 0;
  #isScheduled = false;
  #head: Buffer = Buffer.alloc(0);
  #exchange: string | undefined;
  #routingKey: string | undefined;

  /** @param write writes frames after all earlier frames of the channel */
  constructor(channel: number, write: (bytes: Buffer) => void) {
    this.#channel = channel;
    this.#write = write;
  }

  /**
   * Adds the frames of a publish, which are written at the end of the current step of the event loop.
   *
   * @param maxFrameBytes the largest frame that the broker accepts
   * @returns false for a publish that is too large to be added
   */
  add({ exchange, routingKey, properties, content }: EncodedPublish, maxFrameBytes: number): boolean {
    const head = this.#headOf(exchange, routingKey);
    const size = head.length + 2 * frameBytes + contentHeadBytes + properties.length + content.length;
    if (size > chunkBytes || content.length + frameBytes > maxFrameBytes) return false;
    if (this.#bytes.length - this.#end < size) {
      this.flush();
      this.#bytes = Buffer.allocUnsafeSlow(chunkBytes);
      this.#start = 0;
      this.#end = 0;
    }
    head.copy(this.#bytes, this.#end);
    this.#end += head.length;
    this.#addHeader(properties, content.length);
    if (content.length > 0) this.#addBody(content);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      process.nextTick(() => {
        this.#isScheduled = false;
        this.flush();
      });
    }
    return true;
  }

  /** Writes the collected frames. The caller does this before it writes any other frame of the channel. */
  flush(): void {
    if (this.#start === this.#end) return;
    const written = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#write(written);
  }

  #addHeader(properties: Buffer, contentBytes: number): void {
    const at = this.#beginFrame(headerFrame, contentHeadBytes + properties.length);
    const bytes = this.#bytes;
    bytes.writeUInt32BE(basicClass * 2 ** 16, at);
    bytes.writeUInt32BE(0, at + 4);
    bytes.writeUInt32BE(contentBytes, at + 8);
    properties.copy(bytes, at + contentHeadBytes);
    this.#endFrame(at + contentHeadBytes + properties.length);
  }

  #addBody(content: Buffer): void {
    const at = this.#beginFrame(bodyFrame, content.length);
    content.copy(this.#bytes, at);
    this.#endFrame(at + content.length);
  }

  /** @returns the position of the frame's content */
  #beginFrame(type: number, size: number): number {
    const bytes = this.#bytes;
    bytes[this.#end] = type;
    bytes.writeUInt16BE(this.#channel, this.#end + 1);
    bytes.writeUInt32BE(size, this.#end + 3);
    return this.#end + frameBytes - 1;
  }

  #endFrame(at: number): void {
    this.#bytes[at] = frameEnd;
    this.#end = at + 1;
  }

  /** Returns the method frame. It is cached, because many consecutive publishes have the same one. */
  #headOf(exchange: string, routingKey: string): Buffer {
    if (exchange === this.#exchange && routingKey === this.#routingKey) return this.#head;
    const texts = [exchange, routingKey].map((text) => Buffer.from(text));
    if (texts.some(({ length }) => length > 255))
      throw new TypeError('A name or a routing key has more than 255 bytes');
    const size = 4 + 2 + texts.reduce((sum, { length }) => sum + 1 + length, 0) + 1;
    const head = Buffer.alloc(size + frameBytes);
    head[0] = methodFrame;
    head.writeUInt16BE(this.#channel, 1);
    head.writeUInt32BE(size, 3);
    head.writeUInt16BE(basicClass, 7);
    head.writeUInt16BE(publishMethod, 9);
    let at = 13;
    for (const text of texts) {
      head[at] = text.length;
      text.copy(head, at + 1);
      at += 1 + text.length;
    }
    head[at] = mandatoryBit;
    head[at + 1] = frameEnd;
    this.#head = head;
    this.#exchange = exchange;
    this.#routingKey = routingKey;
    return head;
  }
}
