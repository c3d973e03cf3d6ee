const STEPS = ['Placed', 'Paid', 'Shipped', 'Delivered'];
const VERBS = { Paid: 'Mark as paid', Shipped: 'Ship', Delivered: 'Mark as delivered' };
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export const nextStep = status => (STEPS.includes(status) ? STEPS[STEPS.indexOf(status) + 1] : undefined);
export const canCancel = status => status === 'Placed' || status === 'Paid';
export const describe = order => `${order.quantity} × ${order.item}`;

/** Returns an order as a row of a list. All data from outside is only shown as text. */
export function orderRow(template, order, meta) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.orderId = order.id;
  row.querySelector('.name').textContent = describe(order);
  row.querySelector('.meta').textContent = meta ?? (order.createdAt ? time.format(new Date(order.createdAt)) : '');
  const status = row.querySelector('.status');
  status.textContent = order.status;
  status.dataset.status = order.status;
  return row;
}

export function staffRow(template, order, setStatus) {
  const row = orderRow(template, order, `for ${order.owner}`);
  const advance = row.querySelector('.advance');
  const next = nextStep(order.status);
  advance.hidden = next === undefined;
  advance.textContent = VERBS[next] ?? '';
  advance.addEventListener('click', () => setStatus(next));
  const cancel = row.querySelector('.cancel');
  cancel.hidden = !canCancel(order.status);
  cancel.addEventListener('click', () => setStatus('Cancelled'));
  row.querySelector('.actions').hidden = advance.hidden && cancel.hidden;
  return row;
}

export const newestFirst = orders => [...orders].sort((a, b) => String(b.createdAt).localeCompare(String(a.createdAt)));
