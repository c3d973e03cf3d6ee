import { NotificationClient } from '/notifications.js';
import { attempt } from './errors.js';
import * as feed from './feed.js';
import { newestFirst, orderRow } from './orders.js';
import { Session } from './session.js';
import * as staff from './staff.js';
import './theme.js';

const element = id => document.getElementById(id);
const template = element('order-template');
const orders = new Map();
let session = null;
let client = null;

async function signIn(user) {
  const candidate = new Session(user);
  await candidate.token();
  session = candidate;
  sessionStorage.setItem('user', user);
  element('user').textContent = user;
  element('welcome').hidden = true;
  element('workspace').hidden = false;

  client = new NotificationClient({ accessTokenFactory: () => candidate.token() });
  client.on('notification', received);
  client.onState(connectionChanged);
  client.start();
}

function signOut() {
  client?.stop();
  client = session = null;
  sessionStorage.removeItem('user');
  staff.signOut();
  orders.clear();
  showOrders();
  feed.clear();
  element('workspace').hidden = true;
  element('welcome').hidden = false;
  element('sign-in-user').focus();
}

async function connectionChanged(state) {
  element('connection-state').textContent = state;
  document.body.dataset.state = state;
  element('instance').textContent = '–';
  if (state === 'connected') {
    // Without a device name nothing is kept for this page while it is away, so its state is read anew.
    await attempt(async () => {
      element('instance').textContent = await client.instance();
      await loadOrders();
    });
  }
}

function received(notification) {
  feed.show(notification);
  const { payload } = notification;
  if (payload?.orderId) {
    orders.set(payload.orderId, { ...orders.get(payload.orderId), ...payload, id: payload.orderId });
    showOrders();
    attempt(staff.refresh);
  }
}

async function loadOrders() {
  for (const order of await session.call('/api/orders')) {
    orders.set(order.id, order);
  }

  showOrders();
}

function showOrders() {
  element('orders').replaceChildren(...newestFirst(orders.values()).map(order => orderRow(template, order)));
  element('orders-empty').hidden = orders.size > 0;
}

async function placeOrder() {
  const order = await session.call('/api/orders', 'POST', {
    item: element('order-item').value.trim(),
    quantity: element('order-quantity').valueAsNumber,
  });
  // The notification may have been faster, and a step further.
  orders.set(order.id, { ...order, ...orders.get(order.id) });
  showOrders();
  await staff.refresh();
}

function onSubmit(form, action) {
  element(form).addEventListener('submit', async event => {
    event.preventDefault();
    const button = event.target.querySelector('button');
    button.disabled = true;
    await attempt(action);
    button.disabled = false;
  });
}

onSubmit('sign-in-form', () => signIn(element('sign-in-user').value.trim()));
onSubmit('order-form', placeOrder);
onSubmit('staff-form', () => staff.signIn(element('staff-user').value.trim()));
element('sign-out').addEventListener('click', signOut);
element('staff-sign-out').addEventListener('click', staff.signOut);

// A reload stays signed in; each window is its own user.
const known = sessionStorage.getItem('user');
if (known !== null) {
  attempt(() => signIn(known));
}
