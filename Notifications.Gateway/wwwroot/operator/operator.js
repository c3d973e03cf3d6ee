import { attempt } from '../shared/errors.js';
import '../shared/theme.js';
import * as instances from './instances.js';
import * as session from './session.js';
import * as user from './user.js';

/** Instances say how they are each second; a look at a user asks all of them. */
const LOOK_EVERY = 1_000;
const USER_EVERY = 2;
const element = id => document.getElementById(id);
let looks = 0;
let timer = 0;

async function signIn(token) {
  session.keep(token.trim());
  try {
    await instances.refresh(attempt);
  } catch (error) {
    session.forget();
    throw error;
  }

  element('token').value = '';
  element('caller').textContent = session.caller();
  element('welcome').hidden = true;
  element('workspace').hidden = element('sign-out').hidden = false;
  showLive();
  timer = setTimeout(look, LOOK_EVERY);
}

function signOut() {
  clearTimeout(timer);
  timer = 0;
  session.forget();
  instances.clear();
  user.clear();
  element('caller').textContent = '';
  element('workspace').hidden = element('sign-out').hidden = true;
  element('welcome').hidden = false;
}

/** One look after the other, and none at a page that nobody sees. */
async function look() {
  const mine = timer;
  try {
    if (!document.hidden) {
      await instances.refresh(attempt);
      await (user.isShown() && ++looks % USER_EVERY === 0 && user.refresh());
      showLive();
    }
  } catch (error) {
    if (mine === timer && error.status === 401) {
      signOut();
      await attempt(() => Promise.reject(error));
    } else {
      showLive(error);
    }
  }

  if (mine === timer && mine !== 0) {
    timer = setTimeout(look, LOOK_EVERY);
  }
}

/** What is shown stays when a look fails, with the word that it is old. */
function showLive(error = null) {
  const live = element('live');
  live.toggleAttribute('data-stale', error !== null);
  live.textContent = error === null ? 'live' : `not live: ${error.message}`;
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
  // A reload stays signed in.
  const kept = session.kept();
  if (kept !== null) {
    await signIn(kept);
  }
});
