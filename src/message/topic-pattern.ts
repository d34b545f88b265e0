/**
 * Tells whether a routing key matches a binding key as a topic exchange does: words between dots, `*` for exactly one
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
