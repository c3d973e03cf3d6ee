// This system's client outside a browser. Prints its states, and a line for each notification.
// Usage: node own-client.js <address of the hub> <token>
import { NotificationClient } from '../notifications.js';
import { MemoryPositions } from './fake-hub.js';

const [url, token] = process.argv.slice(2);
const client = new NotificationClient({ url, accessTokenFactory: () => token, positions: new MemoryPositions(), minDelayMs: 1 });
client.onState(state => console.log(state));
client.on('notification', notification => console.log(JSON.stringify(notification)));
client.start();
