// A service of the usual stack that tells users something: Socket.IO's Redis emitter.
import { Emitter } from '@socket.io/redis-emitter';
import { createClient } from 'redis';
import { publisherArguments } from './arguments.js';
import { publishOrders } from './orders.js';

const client = createClient({ url: publisherArguments().redis });
await client.connect();

// The emitter itself drops what Redis answers: who wants to know has to keep its client's promise.
let answer;
const emitter = new Emitter({ publish: (channel, message) => (answer = client.publish(channel, message)) });
publishOrders((room, payload) => {
  emitter.to(room).emit('notification', payload);
  return answer;
});
