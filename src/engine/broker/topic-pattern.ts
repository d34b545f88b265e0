import type { Subscription } from '../delivery.ts';

/**
 * Translates a key or a pattern of littoral into the binding key of a topic exchange: each word that contains `*`
 * becomes `#`. So the exchange routes more keys than the pattern matches, never fewer.
 */
export function topicKeyOf(pattern: string): string {
  const words = pattern.split('.').map((word) => (word.includes('*') ? '#' : word));
  return words.join('.');
}

/** Translates the keys of a subscription, each once. A retired key whose binding another key needs is left out. */
export function withTopicKeys<Given extends Subscription>(subscription: Given): Given {
  const bindingKeys = [...new Set(subscription.bindingKeys.map(topicKeyOf))];
  const retired = new Set((subscription.retiredKeys ?? []).map(topicKeyOf));
  return { ...subscription, bindingKeys, retiredKeys: [...retired].filter((key) => !bindingKeys.includes(key)) };
}

/**
 * Returns whether a routing key matches a binding key as a topic exchange does: words between dots, `*` for exactly one
 * word, `#` for any number of words, none included (RabbitMQ, "Topic exchange").
 */
export function matchesTopic(bindingKey: string, routingKey: string): boolean {
  // The same for a key without wildcards, and far cheaper.
  if (!bindingKey.includes('*') && !bindingKey.includes('#')) return bindingKey === routingKey;
  const words = routingKey.split('.');
  // reachable[i]: the pattern so far can have consumed the first i words.
  let reachable = [true, ...words.map(() => false)];
  for (const part of bindingKey.split('.')) {
    reachable = part === '#' ? fromFirstReachable(reachable) : oneWordFurther(reachable, part, words);
  }
  return reachable[words.length] === true;
}

function fromFirstReachable(reachable: boolean[]): boolean[] {
  const first = reachable.indexOf(true);
  return reachable.map((_, index) => first !== -1 && index >= first);
}

function oneWordFurther(reachable: boolean[], part: string, words: string[]): boolean[] {
  return reachable.map((_, index) => {
    if (index === 0 || !reachable[index - 1]) return false;
    return part === '*' || part === words[index - 1];
  });
}
