/**
 * @typedef {{ epoch: string, offset: number }} Position
 * @typedef {Position & { stream: string, id: string, type: string, payload: any, timestamp: number }} Notification
 * @typedef {Position & { stream: string, recovered: boolean }} Subscribed
 */

/**
 * Notifications that were published and can no longer be had: the log was trimmed past them, or it began anew. The application
 * has to reload the state that it builds from this stream.
 * @typedef {object} Gap
 * @property {string} stream
 * @property {Position | null} before the last one before the gap; null if this device does not know any
 * @property {Position} after the one before the first that follows. Another epoch than that of `before`: the log began anew
 */

/**
 * Where positions outlive the page; either method may return a promise.
 * @typedef {object} PositionStore
 * @property {(key: string) => Position | undefined | Promise<Position | undefined>} load
 * @property {(key: string, position: Position) => unknown} save
 */

/** @typedef {'connecting' | 'connected' | 'reconnecting' | 'disconnected'} State */

export {};
