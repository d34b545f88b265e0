/** The exchange that every service publishes to and binds its queue to: Ecotone's. */
export const busExchange = 'ecotone.distributed';
