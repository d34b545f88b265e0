import type { Logger, Message } from 'littoral';

/** The audit entries of one message: collected while it is handled, written afterwards. */
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
