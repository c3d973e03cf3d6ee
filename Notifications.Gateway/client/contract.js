/**
 * @typedef {{ epoch: string, offset: number }} Position
 * @typedef {Position & { stream: string, id: string, type: string, payload: any, timestamp: number }} Notification
 * @typedef {Position & { stream: string, recovered: boolean }} Subscribed
 */

/**
 * Notifications that were published and are no longer available: the log was trimmed past them, or a new log began. The application
 * has to reload the state that it builds from this stream.
 * @typedef {object} Gap
 * @property {string} stream
 * @property {Position | null} before the position of the last notification before the gap; null when this device knows none
 * @property {Position} after the position right before the next notification. When its epoch differs from that of `before`, a new log began
 */

/**
 * Keeps positions after the page is closed. Both methods may return a promise.
 * @typedef {object} PositionStore
 * @property {(key: string) => Position | undefined | Promise<Position | undefined>} load
 * @property {(key: string, position: Position) => unknown} save
 */

/** @typedef {'connecting' | 'connected' | 'reconnecting' | 'disconnected'} State */

export {};
