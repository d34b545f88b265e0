/** The longest delay of a message: 30 days, which is the most that the delay queues of the broker can hold. */
export const longestDelayMs = 30 * 24 * 60 * 60 * 1000;
