import type { Logger, Message } from 'littoral';

/** What was done on behalf of one message: noted while it is handled, written when that is over. */
export class AuditTrail {
  readonly #message: Message;
  readonly #logger: Logger;
  readonly #notes: string[] = [];

  constructor({ message, logger }: { message: Message; logger: Logger }) {
    this.#message = message;
    this.#logger = logger;
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  /** The logger names the message by itself. */
  write(): void {
    if (this.#notes.length === 0) return;
    const { executorId = 'nobody' } = this.#message.headers;
    this.#logger.info({ executorId }, this.#notes.join('; '));
  }
}
