/** The page's phone: in Development a hub keeps what it would send to one, and this shows it. Read at this pace. */
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

  /** Registers it for the user who is signed in, as an app does at each start. */
  async switchOn() {
    await this.#session.call(PATH, 'PUT', { platform: 'fcm', token: `demo-${this.#session.user}` });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    clear.onclick = () => this.#show([]);
    this.#show([]);
  }

  /** It stays registered: a phone gets messages while nobody looks. */
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
      // It looks again in a moment.
    }
  }

  #show(rows) {
    list.replaceChildren(...rows);
    empty.hidden = rows.length > 0;
    clear.hidden = rows.length === 0;
  }
}

/** Titles and texts are anybody's data: they only ever become text. */
function row(push) {
  const element = template.content.firstElementChild.cloneNode(true);
  element.dataset.id = push.id;
  element.querySelector('.push-title').textContent = push.title ?? '';
  element.querySelector('.push-body').textContent = push.body ?? '';
  element.querySelector('.time').textContent = clock.format(new Date(push.shownAt));
  return element;
}
