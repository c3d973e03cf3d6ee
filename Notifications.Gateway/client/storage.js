/** @import { Position, PositionStore } from './contract.js' */

const PREFIX = 'notifications/';
const DEVICE = `${PREFIX}device`;

/** What localStorage does not take (it is switched off, or full) lasts as long as the page. @type {Map<string, string>} */
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

/** A name for this browser, made up the first time. */
export function browserDevice() {
  let name = read(DEVICE);
  if (name === undefined) {
    // Not randomUUID: browsers have that on https and localhost only.
    const random = crypto.getRandomValues(new Uint8Array(8));
    name = `browser-${Array.from(random, byte => byte.toString(16).padStart(2, '0')).join('')}`;
    write(DEVICE, name);
  }

  return name;
}

/**
 * Positions in localStorage, so that they outlive the page. Within one epoch they only rise: of two tabs that are one device, the
 * slower one must not take the device back.
 * @implements {PositionStore}
 */
export class LocalPositions {
  /** @param {string} key */
  load(key) {
    try {
      const { epoch, offset } = JSON.parse(read(PREFIX + key) ?? 'null') ?? {};
      return typeof epoch === 'string' && Number.isSafeInteger(offset) ? { epoch, offset } : undefined;
    } catch {
      // Somebody else's, or damaged. The hub's cursor says where this device stands.
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
