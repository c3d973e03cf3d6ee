// What the driver asks a publisher for: 16 bytes each over standard input, number, recipient, and the intended time (Publishing/Order.cs).

const ORDER_SIZE = 16;
const SETTLE = 0;
const TOPIC = -1;
const PAYLOAD_BYTES = 200;
const FILLER = 'x'.repeat(PAYLOAD_BYTES);

/**
 * Publishes what is asked for until standard input ends.
 * @param {(room: string, payload: { n: number, t: number, x: string }) => Promise<unknown>} publish
 */
export function publishOrders(publish) {
  let rest = Buffer.alloc(0);
  let published = 0;
  const underWay = new Set();

  function take(order) {
    const number = order.readInt32LE(0);
    if (number === SETTLE) {
      settle();
      return;
    }
    const recipient = order.readInt32LE(4);
    // Nanoseconds since the machine started are exact in a double for a hundred days.
    const intended = Number(order.readBigInt64LE(8));
    const room = recipient === TOPIC ? 'topic:load' : `user:u${recipient}`;
    const done = publish(room, payload(number, intended)).then(() => {
      published++;
      underWay.delete(done);
    });
    underWay.add(done);
  }

  async function settle() {
    await Promise.all(underWay);
    console.log(`settled ${published}`);
    published = 0;
  }

  process.stdin.on('data', (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (; bytes.length - at >= ORDER_SIZE; at += ORDER_SIZE) {
      take(bytes.subarray(at, at + ORDER_SIZE));
    }
    rest = bytes.subarray(at);
  });
  process.stdin.on('end', () => process.exit(0));
  console.log('ready');
}

function payload(n, t) {
  const filled = '{"n":,"t":,"x":""}'.length + String(n).length + String(t).length;
  return { n, t, x: FILLER.slice(filled) };
}
