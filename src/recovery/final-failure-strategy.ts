/**
 * What becomes of a failed message that can be put neither into its delay nor into the dead letter queue. Named as
 * Ecotone does.
 *
 * - `release`: it stays in its queue and comes again, after 1 s to 60 s; the broker's delivery limit ends it
 * - `resend`: it goes to the end of its queue
 * - `ignore`: it is lost
 * - `stop`: it stays in its queue, and this process receives nothing more
 */
export type FinalFailureStrategy = 'release' | 'resend' | 'ignore' | 'stop';
