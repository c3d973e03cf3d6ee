// The usual stack's server: Socket.IO with the Redis adapter, a room for each user.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { serverArguments } from './arguments.js';

const { port, redis } = serverArguments();
const publisher = createClient({ url: redis });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const http = createServer();
const io = new Server(http, { adapter: createAdapter(publisher, subscriber), transports: ['websocket'], serveClient: false });
io.on('connection', (socket) => {
  const { user, topic } = socket.handshake.query;
  socket.join(`user:${user}`);
  if (topic !== undefined) {
    socket.join(`topic:${topic}`);
  }
});
http.listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
