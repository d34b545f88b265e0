const words: Readonly<Record<string, string>> = {
  delivery_limit: 'delivered more than 20 times without an answer: its handler may end the process',
  expired: 'expired before it could be handled',
  rejected: 'rejected: it could neither be handled nor moved with an error',
  maxlen: 'the queue had no room for it',
};

/** Describes the reason why the broker dead-lettered a message, for people. An unknown reason stays as it is. */
export function describeReason(reason: string): string {
  return Object.hasOwn(words, reason) ? (words[reason] as string) : reason;
}
