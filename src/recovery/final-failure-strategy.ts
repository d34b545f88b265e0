/**
 * The outcome of a failed message that can be moved neither to its delay queue nor to the dead letter queue. The names
 * are Ecotone's.
 *
 * - `release`: it is requeued and redelivered after 1 s to 60 s, until the broker's delivery limit
 * - `resend`: it is published to the end of its queue
 * - `ignore`: it is lost
 * - `stop`: it stays in its queue, and this process receives nothing more
 */
export type FinalFailureStrategy = 'release' | 'resend' | 'ignore' | 'stop';
