// This system's client outside a browser, with tokens that soon expire. Every third request for a token fails. Prints its states, the offset of
// each notification, and each gap.
// Usage: node expiring-client.js <address of the hub> <user> <key of the tokens> <their life in seconds>
import { createHmac } from 'node:crypto';
import { NotificationClient } from '../notifications.js';
import { MemoryPositions } from './fake-hub.js';

const [url, user, key, life] = process.argv.slice(2);
const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url');
let asked = 0;

function token() {
  if (++asked % 3 === 0) {
    throw new Error('The issuer is away.');
  }

  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: 'notifications-development', aud: 'notifications', sub: user, iat: now, exp: now + Number(life) };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const client = new NotificationClient({
  url, accessTokenFactory: token, device: 'laptop', positions: new MemoryPositions(), minDelayMs: 20, maxDelayMs: 200,
});
client.onState(state => console.log(state));
client.on('notification', notification => console.log(`offset ${notification.offset}`));
client.on('gap', () => console.log('gap'));
client.start();
