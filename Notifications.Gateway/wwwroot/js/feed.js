import { describe } from './orders.js';

const LONGEST = 100;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const list = document.getElementById('notifications');
const template = document.getElementById('notification-template');
let count = 0;

const SENTENCES = {
  Placed: 'Order placed',
  Paid: 'Payment received',
  Shipped: 'On its way',
  Delivered: 'Delivered',
  Cancelled: 'Order cancelled',
};

/** Shows a notification on top of the feed. Payloads are anybody's data: they only ever become text. */
export function show(notification) {
  const latency = Math.max(0, Date.now() - notification.timestamp);
  const { payload } = notification;
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.id = notification.id;
  row.querySelector('.text').textContent =
    payload?.orderId ? `${SENTENCES[payload.status] ?? payload.status}: ${describe(payload)}` : JSON.stringify(payload);
  row.querySelector('.type').textContent = notification.type;
  row.querySelector('.time').textContent = clock.format(new Date(notification.timestamp));
  row.querySelector('.latency').textContent = `${latency} ms`;
  list.prepend(row);
  while (list.children.length > LONGEST) {
    list.lastElementChild.remove();
  }

  count++;
  summarize();
}

export function clear() {
  list.replaceChildren();
  count = 0;
  summarize();
}

function summarize() {
  document.getElementById('notifications-empty').hidden = count > 0;
  document.getElementById('feed-summary').textContent = count > 0 ? `${count} received` : '';
}
