// A server by hand: the ws library, a channel of Redis for each user, and nothing that remembers what it sent.
import { createServer } from 'node:http';
import { createClient } from 'redis';
import { WebSocketServer } from 'ws';
import { serverArguments } from './arguments.js';

const { port, redis } = serverArguments();
const subscriber = createClient({ url: redis });
await subscriber.connect();

/** @type {Map<string, Set<import('ws').WebSocket>>} the sockets that listen to a channel */
const listeners = new Map();

async function listen(socket, channel) {
  const sockets = listeners.get(channel);
  if (sockets !== undefined) {
    sockets.add(socket);
    return;
  }
  listeners.set(channel, new Set([socket]));
  await subscriber.subscribe(channel, send);
}

function leave(socket, channel) {
  const sockets = listeners.get(channel);
  sockets.delete(socket);
  if (sockets.size === 0) {
    listeners.delete(channel);
    subscriber.unsubscribe(channel, send);
  }
}

function send(message, channel) {
  for (const socket of listeners.get(channel) ?? []) {
    socket.send(message);
  }
}

const http = createServer();
const server = new WebSocketServer({ server: http });
server.on('connection', async (socket, request) => {
  const query = new URL(request.url, 'http://localhost').searchParams;
  const channels = [`user:${query.get('user')}`];
  if (query.has('topic')) {
    channels.push(`topic:${query.get('topic')}`);
  }
  socket.on('close', () => channels.forEach((channel) => leave(socket, channel)));
  await Promise.all(channels.map((channel) => listen(socket, channel)));
  // Ready: from now on nothing is missed.
  socket.send('');
});
http.listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
