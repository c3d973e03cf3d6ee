/**
 * How long to wait before the next attempt: a random time up to a ceiling, which doubles at each attempt up to a last value ("full
 * jitter"). So clients that lost the same server at the same moment come back spread over time.
 */
export class Backoff {
  #first;
  #last;
  #ceiling;

  /**
   * @param {number} first the first ceiling, in milliseconds
   * @param {number} last the largest ceiling, in milliseconds
   */
  constructor(first, last) {
    this.#first = this.#ceiling = first;
    this.#last = last;
  }

  /** @returns {number} milliseconds */
  next() {
    const delay = Math.random() * this.#ceiling;
    this.#ceiling = Math.min(this.#ceiling * 2, this.#last);
    return delay;
  }

  reset() {
    this.#ceiling = this.#first;
  }
}
