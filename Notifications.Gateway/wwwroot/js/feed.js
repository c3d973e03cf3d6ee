import { describe } from './orders.js';

const LONGEST = 100;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const list = document.getElementById('notifications');
const template = document.getElementById('notification-template');
const gapTemplate = document.getElementById('gap-template');
const UNITS = [['s', 60], ['min', 60], ['h', 24], ['d', Infinity]];
let count = 0;

const SENTENCES = {
  Placed: 'Order placed',
  Paid: 'Payment received',
  Shipped: 'On its way',
  Delivered: 'Delivered',
  Cancelled: 'Order cancelled',
};

/**
 * Shows a notification on top of the feed. A payload may come from anybody, so it is only shown as text.
 * @param {boolean} missed whether it was published before this connection was opened
 */
export function show(notification, missed) {
  const age = Math.max(0, Date.now() - notification.timestamp);
  const { payload } = notification;
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.id = notification.id;
  row.querySelector('.text').textContent =
    payload?.orderId ? `${SENTENCES[payload.status] ?? payload.status}: ${describe(payload)}` : JSON.stringify(payload);
  row.querySelector('.type').textContent = notification.type;
  row.querySelector('.time').textContent = clock.format(new Date(notification.timestamp));
  const latency = row.querySelector('.latency');
  latency.hidden = missed;
  latency.textContent = `${age} ms`;
  const badge = row.querySelector('.missed');
  badge.hidden = !missed;
  badge.textContent = `missed while offline · ${inWords(age)} late`;
  count++;
  put(row);
}

/** Shows that notifications are missing between the notifications below and above. */
export function showGap({ before, after }) {
  const row = gapTemplate.content.firstElementChild.cloneNode(true);
  row.querySelector('.meta').textContent =
    before === null ? `It goes on after offset ${after.offset}.`
      : before.epoch === after.epoch ? `Offsets ${before.offset + 1} to ${after.offset}.`
        : `A new log began. It goes on after offset ${after.offset}.`;
  put(row);
}

function put(row) {
  list.prepend(row);
  while (list.children.length > LONGEST) {
    list.lastElementChild.remove();
  }

  summarize();
}

function inWords(milliseconds) {
  let value = milliseconds / 1000;
  for (const [unit, size] of UNITS) {
    if (value < size) {
      return `${Math.floor(value)} ${unit}`;
    }

    value /= size;
  }
}

export function clear() {
  list.replaceChildren();
  count = 0;
  summarize();
}

function summarize() {
  document.getElementById('notifications-empty').hidden = list.children.length > 0;
  document.getElementById('feed-summary').textContent = count > 0 ? `${count} received` : '';
}
