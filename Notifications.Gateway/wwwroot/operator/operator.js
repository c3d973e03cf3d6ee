import { attempt } from '../shared/errors.js';
import '../shared/theme.js';
import * as instances from './instances.js';
import { Live } from './live.js';
import * as session from './session.js';
import * as user from './user.js';

const USER_EVERY = 2_000;
const element = id => document.getElementById(id);
let live = null;
let timer = 0;
/** The errors because of which the shown instances or user data are old. `instances` is undefined until the first list comes over the connection. */
const troubles = { instances: undefined, user: null };

async function signIn(token) {
  session.keep(token.trim());
  try {
    // An API answers in words what is wrong with the token or its roles.
    instances.show(await instances.load(), attempt);
  } catch (error) {
    session.forget();
    throw error;
  }

  element('token').value = '';
  element('caller').textContent = session.caller();
  element('welcome').hidden = true;
  element('workspace').hidden = element('sign-out').hidden = false;
  element('live').textContent = '…';
  [troubles.instances, troubles.user] = [undefined, null];
  live = new Live(
    session.kept,
    list => {
      instances.show(list, attempt);
      showLive('instances', null);
    },
    error => showLive('instances', error),
    () => unlessSignedOut(instances.load));
  live.start();
  timer = setTimeout(look, USER_EVERY);
}

function signOut() {
  live.stop();
  live = null;
  clearTimeout(timer);
  session.forget();
  instances.clear();
  user.clear();
  element('caller').textContent = '';
  element('workspace').hidden = element('sign-out').hidden = true;
  element('welcome').hidden = false;
}

/** Reads the user's data again and again, one request at a time, and not while the page is hidden. */
async function look() {
  const mine = live;
  let trouble = null;
  try {
    if (!document.hidden && user.isShown()) {
      await unlessSignedOut(user.refresh);
    }
  } catch (error) {
    trouble = error;
  }

  if (mine === live) {
    showLive('user', trouble);
    timer = setTimeout(look, USER_EVERY);
  }
}

/** Runs a request. When its token is no longer accepted, signs out and shows why. */
async function unlessSignedOut(ask) {
  const mine = live;
  try {
    await ask();
  } catch (error) {
    if (error.status !== 401 || mine !== live) {
      throw error;
    }

    signOut();
    await attempt(() => Promise.reject(error));
  }
}

/** Shows whether the data is live. After an error the old data stays, marked as not live. */
function showLive(what, error) {
  troubles[what] = error;
  const trouble = troubles.instances ?? troubles.user;
  if (trouble === null && troubles.instances === undefined) {
    return;
  }

  element('live').toggleAttribute('data-stale', trouble !== null);
  element('live').textContent = trouble === null ? 'live' : `not live: ${trouble.message}`;
}

function onSubmit(form, action) {
  element(form).addEventListener('submit', async event => {
    event.preventDefault();
    await during(event.target.querySelector('button'), action);
  });
}

function onClick(button, action) {
  element(button).addEventListener('click', () => during(element(button), action));
}

async function during(button, action) {
  button.disabled = true;
  await attempt(action);
  button.disabled = false;
}

onSubmit('development-form', async () => {
  const roles = element('sign-in-roles').value.split(/[\s,]+/).filter(role => role !== '');
  await signIn(await session.developmentToken(element('sign-in-user').value.trim(), roles));
});
onSubmit('token-form', () => signIn(element('token').value));
onSubmit('user-form', () => user.lookUp(element('user').value.trim()));
onSubmit('test-form', () => user.sendTest(element('test-type').value.trim(), element('test-payload').value));
onClick('payloads', user.switchPayloads);
onClick('end', user.endConnections);
element('sign-out').addEventListener('click', signOut);

attempt(async () => {
  element('development').hidden = !await session.givesTokens();
  // The user stays signed in after a reload.
  const kept = session.kept();
  if (kept !== null) {
    await signIn(kept);
  }
});
