import { HubConnectionBuilder } from '../notifications.js';

/** Something comes each second, so a silence as long as this is a lost connection. */
const SILENCE = 10_000;
const RETRY = 1_000;

/** A connection to the operators' hub, which is made again whenever it is lost, until it is stopped. */
export class Live {
  #connection;
  #refused;
  #isStopped = false;
  #timer = 0;

  /**
   * @param {() => string} token
   * @param {(list: { instances: object[] }) => void} onInstances how the hub instances are
   * @param {(error: Error) => void} onTrouble nothing comes now, and why
   * @param {() => Promise<unknown>} whyRefused asks the API the same, which says why in words
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
