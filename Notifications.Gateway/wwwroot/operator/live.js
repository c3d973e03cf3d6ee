import { HubConnectionBuilder } from '../notifications.js';

/** The hub sends a message each second, so the connection counts as lost after this time of silence. In milliseconds. */
const SILENCE = 10_000;
const RETRY = 1_000;

/** Keeps up a connection to the operators' hub until `stop`. A lost connection is opened again. */
export class Live {
  #connection;
  #refused;
  #isStopped = false;
  #timer = 0;

  /**
   * @param {() => string} token
   * @param {(list: { instances: object[] }) => void} onInstances called with the state of the hub instances
   * @param {(error: Error) => void} onTrouble called with the reason when no messages come
   * @param {() => Promise<unknown>} whyRefused sends the same request to the API, whose answer has the reason in words
   */
  constructor(token, onInstances, onTrouble, whyRefused) {
    this.#refused = async error => {
      onTrouble(error);
      await whyRefused().catch(onTrouble);
    };
    this.#connection = new HubConnectionBuilder()
      .withUrl('/hubs/operator', { accessTokenFactory: token })
      .withServerTimeout(SILENCE)
      .configureLogging('none')
      .build();
    this.#connection.on('instances', onInstances);
    this.#connection.on('unavailable', why => onTrouble(new Error(why)));
    this.#connection.onclose(error => {
      if (!this.#isStopped) {
        onTrouble(error ?? new Error('the hub closed the connection.'));
        this.#timer = setTimeout(() => this.start(), RETRY);
      }
    });
  }

  async start() {
    try {
      await this.#connection.start();
    } catch (error) {
      if (this.#isStopped) {
        return;
      }

      await this.#refused(error);
      if (!this.#isStopped) {
        this.#timer = setTimeout(() => this.start(), RETRY);
      }
    }
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#connection.stop();
  }
}
