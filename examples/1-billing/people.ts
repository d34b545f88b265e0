/** Whose billing details are known. A service of its own would keep them in a database. */
export class People {
  readonly #billingDetails = new Map<string, string>();

  changeBillingDetails(personId: string, billingDetails: string): void {
    this.#billingDetails.set(personId, billingDetails);
    console.log(`billing: person ${personId} now has the billing details ${billingDetails}`);
  }
}

declare module 'littoral' {
  interface References {
    people: People;
  }
}
