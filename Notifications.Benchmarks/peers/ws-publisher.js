// A service that tells users something: PUBLISH on the user's channel.
import { createClient } from 'redis';
import { publisherArguments } from './arguments.js';
import { publishOrders } from './orders.js';

const client = createClient({ url: publisherArguments().redis });
await client.connect();
publishOrders((room, payload) => client.publish(room, JSON.stringify(payload)));
