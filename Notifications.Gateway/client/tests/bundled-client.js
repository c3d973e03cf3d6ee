// Runs the client that the gateway serves, in Node. It connects, waits for a notification, and stops.
// Prints its states, the notification's type, and that it has stopped.
// Usage: node bundled-client.js <address of the hub> <token>
import { NotificationClient } from '../../wwwroot/notifications.js';

const [url, token] = process.argv.slice(2);
const client = new NotificationClient({ url, accessTokenFactory: () => token });
client.onState(state => console.log(state));
client.on('notification', async ({ type }) => {
  console.log(type);
  await client.stop();
  console.log('stopped');
});
client.start();
