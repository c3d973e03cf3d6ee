/** @import { Position, PositionStore } from './contract.js' */

const PREFIX = 'notifications/';
const DEVICE = `${PREFIX}device`;

/** Values that localStorage does not take, because it is disabled or full. They last as long as the page. @type {Map<string, string>} */
const pageOnly = new Map();

/** @param {string} key */
function read(key) {
  try {
    return pageOnly.get(key) ?? localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
function write(key, value) {
  try {
    localStorage.setItem(key, value);
    pageOnly.delete(key);
  } catch {
    pageOnly.set(key, value);
  }
}

/** Returns a name for this browser. The first call generates it. */
export function browserDevice() {
  let name = read(DEVICE);
  if (name === undefined) {
    // Not randomUUID, because browsers have it on https and localhost only.
    const random = crypto.getRandomValues(new Uint8Array(8));
    name = `browser-${Array.from(random, byte => byte.toString(16).padStart(2, '0')).join('')}`;
    write(DEVICE, name);
  }

  return name;
}

/**
 * Keeps positions in localStorage, so that they outlive the page. Within one epoch a position only rises: when two tabs are one device,
 * the slower tab must not set the device back.
 * @implements {PositionStore}
 */
export class LocalPositions {
  /** @param {string} key */
  load(key) {
    try {
      const { epoch, offset } = JSON.parse(read(PREFIX + key) ?? 'null') ?? {};
      return typeof epoch === 'string' && Number.isSafeInteger(offset) ? { epoch, offset } : undefined;
    } catch {
      // The value is damaged, or other code wrote it. The hub goes on at the cursor of this device.
      return undefined;
    }
  }

  /**
   * @param {string} key
   * @param {Position} position
   */
  save(key, position) {
    const stored = this.load(key);
    if (stored?.epoch !== position.epoch || stored.offset < position.offset) {
      write(PREFIX + key, JSON.stringify(position));
    }
  }
}
