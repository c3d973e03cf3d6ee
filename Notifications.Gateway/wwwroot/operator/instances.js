import { call, poll } from './session.js';
import { facts, make, number } from './table.js';
import { count, duration, milliseconds } from './words.js';

/** How long an instance that left the registry is still shown as gone, in milliseconds. */
const REMEMBERED = 60_000;
const WORDS = { serving: 'serving', drained: 'drained', stopping: 'stopping', deaf: 'does not hear Redis', gone: 'gone' };
const body = document.getElementById('instances');
const rows = new Map();

export const load = () => poll('/api/operator/instances');

/**
 * @param {{ instances: object[] }} list
 * @param {(action: () => Promise<unknown>) => Promise<void>} attempt Runs the action of a click, and shows its error.
 */
export function show({ instances }, attempt) {
  const now = Date.now();
  instances.forEach(instance => {
    if (!rows.has(instance.id)) {
      rows.set(instance.id, new Row(instance.id, attempt));
    }

    rows.get(instance.id).show(instance, now);
  });
  rows.forEach((row, id) => {
    if (row.seen !== now) {
      row.showGone();
      if (now - row.seen > REMEMBERED) {
        rows.delete(id);
      }
    }
  });
  // Only when the list has changed: a row that is inserted again would lose the focus.
  const sorted = [...rows.keys()].sort().map(id => rows.get(id).element);
  if (sorted.length !== body.children.length || sorted.some((element, index) => body.children[index] !== element)) {
    body.replaceChildren(...sorted);
  }

  document.getElementById('instances-empty').hidden = rows.size > 0;
  showTotals(instances);
}

export function clear() {
  rows.clear();
  body.replaceChildren();
}

function showTotals(instances) {
  const said = instances.map(instance => instance.status).filter(status => status);
  const sum = member => said.reduce((total, status) => total + status[member], 0);
  const lags = said.map(status => status.lagP99Ms).filter(lag => lag !== null && lag !== undefined);
  facts('totals', [
    ['Instances', count(instances.length)],
    ['Taking sessions', count(instances.filter(instance => !instance.draining).length)],
    ['Connections', count(sum('connections'))],
    ['Delivered/s', count(sum('deliveredPerSecond'))],
    ['Worst lag p99', milliseconds(lags.length > 0 ? Math.max(...lags) : null)],
  ]);
}

class Row {
  #cells;
  #state = make('span', '', { class: 'state', 'data-testid': 'instance-state' });
  #button = make('button', 'Drain', { type: 'button', class: 'small', 'data-testid': 'drain' });
  #isDrained = false;
  #attempt;

  constructor(id, attempt) {
    this.id = id;
    this.seen = 0;
    this.#attempt = attempt;
    this.#cells = Object.fromEntries(
      ['connections', 'streams', 'deliveredPerSecond', 'lagP99Ms', 'lagMaxMs', 'redisMs'].map(name => [name, number('')]));
    this.note = make('small');
    const name = document.createElement('td');
    name.append(make('code', id), this.note);
    const state = document.createElement('td');
    state.append(this.#state);
    const action = make('td', '', { class: 'number' });
    action.append(this.#button);
    this.element = make('tr', '', { 'data-testid': 'instance', 'data-instance': id });
    this.element.append(name, state, ...Object.values(this.#cells), action);
    this.#button.addEventListener('click', () => this.#switch());
  }

  show({ address, draining, status }, seen) {
    this.seen = seen;
    this.#isDrained = status?.state === 'drained';
    this.note.textContent = status ? `${address}, up for ${duration((Date.now() - Date.parse(status.startedAt)) / 1000)}` : address;
    this.#showState(status?.state ?? (draining ? 'stopping' : 'serving'));
    Object.entries(this.#cells).forEach(([name, cell]) => {
      cell.textContent = (name.endsWith('Ms') ? milliseconds : count)(status?.[name]);
    });
    this.#button.textContent = this.#isDrained ? 'Take back' : 'Drain';
    this.#button.hidden = status?.state === 'stopping';
    this.element.classList.remove('gone');
  }

  showGone() {
    this.#showState('gone');
    this.#button.hidden = true;
    this.element.classList.add('gone');
  }

  #showState(state) {
    this.#state.textContent = WORDS[state] ?? state;
    this.#state.dataset.state = state;
  }

  async #switch() {
    this.#button.disabled = true;
    await this.#attempt(() => this.#isDrained ? this.#order('DELETE') : this.#drain());
    this.#button.disabled = false;
  }

  async #drain() {
    try {
      await this.#order('PUT');
    } catch (error) {
      // 409: this is the last instance that takes sessions. It is drained only after a confirmation.
      if (error.status !== 409 || !confirm(`${error.message}\n\nDrain it all the same?`)) {
        throw error;
      }

      await this.#order('PUT', '?force=true');
    }
  }

  #order(method, query = '') {
    return call(`/api/operator/instances/${encodeURIComponent(this.id)}/drain${query}`, method);
  }
}
