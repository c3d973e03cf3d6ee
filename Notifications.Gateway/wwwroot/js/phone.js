/** How often the page reads the pushes of its phone, in milliseconds. In Development a hub keeps the pushes that it would send to a phone. */
const LOOK_EVERY = 1_000;
const PATH = '/api/devices/demo-phone';
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const list = document.getElementById('pushes');
const empty = document.getElementById('pushes-empty');
const clear = document.getElementById('phone-clear');
const template = document.getElementById('push-template');

export class Phone {
  #session;
  #shown = new Set();
  #timer = 0;

  constructor(session) {
    this.#session = session;
  }

  /** Registers the phone for the signed-in user, as an app does at each start. */
  async switchOn() {
    await this.#session.call(PATH, 'PUT', { platform: 'fcm', token: `demo-${this.#session.user}` });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    clear.onclick = () => this.#show([]);
    this.#show([]);
  }

  /** Stops showing pushes. The phone stays registered, because a phone gets messages while nobody looks. */
  switchOff() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#show([]);
  }

  async #look() {
    document.getElementById('phone-clock').textContent = clock.format(new Date());
    try {
      const pushes = await this.#session.poll(`${PATH}/pushes`);
      const fresh = pushes.filter(push => !this.#shown.has(push.id));
      if (this.#timer !== 0 && fresh.length > 0) {
        fresh.forEach(push => this.#shown.add(push.id));
        this.#show([...fresh.reverse().map(row), ...list.children]);
      }
    } catch {
      // The next look tries again.
    }
  }

  #show(rows) {
    list.replaceChildren(...rows);
    empty.hidden = rows.length > 0;
    clear.hidden = rows.length === 0;
  }
}

/** Titles and texts may come from anybody, so they are only shown as text. */
function row(push) {
  const element = template.content.firstElementChild.cloneNode(true);
  element.dataset.id = push.id;
  element.querySelector('.push-title').textContent = push.title ?? '';
  element.querySelector('.push-body').textContent = push.body ?? '';
  element.querySelector('.time').textContent = clock.format(new Date(push.shownAt));
  return element;
}
