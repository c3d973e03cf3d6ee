/** `node program.js <port> <redis host:port>` for servers. */
export function serverArguments() {
  const [port, redis] = process.argv.slice(2);
  return { port: Number(port), redis: `redis://${redis}` };
}

/** `node program.js <redis host:port>` for publishers. */
export function publisherArguments() {
  return { redis: `redis://${process.argv[2]}` };
}
