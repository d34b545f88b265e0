/** How long a message can be delayed, whoever asks for it: 30 days, which is what the broker's queues are made for. */
export const longestDelayMs = 30 * 24 * 60 * 60 * 1000;
