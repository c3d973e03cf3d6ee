/** How often the log is read while the page is offline, in milliseconds. Only the log knows the waiting notifications then. */
const LOOK_EVERY = 1_000;
const count = document.getElementById('unacknowledged');
const note = document.getElementById('offline-note');

/** Shows on the page how many of the user's notifications this device has not acknowledged. */
export class Unacknowledged {
  #session;
  #acknowledged = 0;
  #last = 0;
  #more = false;
  #timer = 0;

  constructor(session) {
    this.#session = session;
    this.#show();
  }

  received({ offset }) {
    this.#last = offset;
    this.#more = false;
    this.#show();
  }

  acknowledged({ offset }) {
    this.#acknowledged = offset;
    this.#show();
  }

  /** The log goes on here, possibly with lower offsets than before. */
  startAt({ offset }) {
    this.#acknowledged = this.#last = offset;
    this.#show();
  }

  look() {
    this.#read();
    this.#timer = setInterval(() => this.#read(), LOOK_EVERY);
  }

  stopLooking() {
    clearInterval(this.#timer);
    this.#timer = 0;
    note.hidden = true;
  }

  async #read() {
    try {
      const page = await this.#session.poll(`/api/notifications?after=${this.#acknowledged}`);
      if (this.#timer !== 0) {
        this.#last = Math.max(page.offset, this.#acknowledged);
        this.#more = page.more;
        this.#show();
      }
    } catch {
      // The log is read again in a moment. Until then the page shows the last count.
    }
  }

  #show() {
    const pending = Math.max(0, this.#last - this.#acknowledged);
    const number = `${pending}${this.#more ? '+' : ''}`;
    count.textContent = number;
    count.closest('.count').classList.toggle('pending', pending > 0);
    note.hidden = this.#timer === 0;
    note.textContent = pending === 0
      ? 'Offline. Notifications are kept in the log until you are back.'
      : `Offline. ${number} ${pending === 1 ? 'notification waits' : 'notifications wait'} in the log and will come in order.`;
  }
}
