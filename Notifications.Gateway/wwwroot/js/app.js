import { NotificationClient } from '/notifications.js';
import { attempt } from '../shared/errors.js';
import '../shared/theme.js';
import * as feed from './feed.js';
import { newestFirst, orderRow } from './orders.js';
import { Phone } from './phone.js';
import { Session } from './session.js';
import * as staff from './staff.js';
import { Unacknowledged } from './unacknowledged.js';

const element = id => document.getElementById(id);
const template = element('order-template');
const orders = new Map();
let session = null;
let client = null;
let unacknowledged = null;
let phone = null;
/** When the present connection was opened. Notifications that were published before that were missed. */
let connectedAt = 0;
let received = 0;

async function signIn(user) {
  const candidate = new Session(user);
  await candidate.token();
  session = candidate;
  sessionStorage.setItem('user', user);
  element('user').textContent = user;
  element('welcome').hidden = true;
  element('workspace').hidden = false;

  unacknowledged = new Unacknowledged(candidate);
  client = new NotificationClient({ accessTokenFactory: () => candidate.token(), device: 'auto' });
  client.on('notification', receive);
  client.on('gap', reload);
  client.on('acknowledged', position => unacknowledged.acknowledged(position));
  client.onState(connectionChanged);
  client.start();
  phone = new Phone(candidate);
  await phone.switchOn();
}

function signOut() {
  client?.stop();
  unacknowledged?.stopLooking();
  phone?.switchOff();
  client = session = unacknowledged = phone = null;
  sessionStorage.removeItem('user');
  staff.signOut();
  connectedAt = 0;
  orders.clear();
  showOrders();
  element('orders').ariaBusy = 'true';
  feed.clear();
  element('workspace').hidden = true;
  element('welcome').hidden = false;
  element('sign-in-user').focus();
}

async function connectionChanged(state) {
  const offline = state === 'disconnected';
  element('connection-state').textContent = offline ? 'offline' : state;
  document.body.dataset.state = state;
  element('switch').textContent = offline ? 'Go online' : 'Go offline';
  element('instance').textContent = '–';
  if (state === 'connected') {
    const isFirst = connectedAt === 0;
    connectedAt = Date.now();
    await attempt(async () => {
      element('instance').textContent = await client.instance();
      // After the first load, notifications report every change, also changes while the page was offline.
      await (isFirst && loadOrders());
    });
  }
}

function switchConnection() {
  if (client.state === 'disconnected') {
    unacknowledged.stopLooking();
    client.start();
  } else {
    client.stop();
    unacknowledged.look();
  }
}

function receive(notification) {
  received++;
  unacknowledged.received(notification);
  feed.show(notification, notification.timestamp < connectedAt);
  const { payload } = notification;
  if (payload?.orderId) {
    orders.set(payload.orderId, { ...orders.get(payload.orderId), ...payload, id: payload.orderId });
    showOrders();
    attempt(staff.refresh);
  }
}

/** If this fails, the client raises the same gap again. */
async function reload(gap) {
  await loadOrders();
  unacknowledged.startAt(gap.after);
  feed.showGap(gap);
}

async function loadOrders() {
  let before;
  let list;
  do {
    before = received;
    list = await session.call('/api/orders');
    // A notification that came during the request may be newer than this answer.
  } while (received !== before);
  orders.clear();
  list.forEach(order => orders.set(order.id, order));
  showOrders();
  element('orders').ariaBusy = 'false';
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
  // A notification may have come before this answer, with a later status.
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
element('switch').addEventListener('click', switchConnection);
element('sign-out').addEventListener('click', signOut);
element('staff-sign-out').addEventListener('click', staff.signOut);

// The user stays signed in after a reload. Each window has its own user.
const known = sessionStorage.getItem('user');
if (known !== null) {
  attempt(() => signIn(known));
}
