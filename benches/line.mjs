// A line to the network, played on this machine: every origin is a door of its own,
// and what goes through any of them shares one line with a round trip's time and a
// bandwidth. It works on bytes below TLS, so that connections, handshakes, HTTP/1.1 and
// HTTP/2 take the round trips that they take. Nothing is lost on it, and no connection
// begins slowly.

import net from 'node:net';
import { Duplex } from 'node:stream';

/** Bytes that take their turn at a time. */
const PIECE = 8 << 10;
/** Milliseconds of sending, and bytes at least, that wait for their turn before their server is told to wait. */
const MOST_WAITING = 10;
const LEAST_WAITING = 64 << 10;
/** Bytes that have come and that the browser has not taken, after which it gets no more. */
const MOST_UNREAD = 4 << 20;
/** Milliseconds that a line makes up for, if this process had no turn meanwhile. */
const MAKES_UP = 200;
/** Milliseconds without a byte to send after which a line is idle, and has nothing to make up. */
const IDLE = 20;

/** @typedef {{ at: number, bytes: Buffer }} Underway */

/** What a server has of a connection. */
class Connection extends Duplex {
  /** What is to be sent. @type {Buffer[]} */
  waiting = [];
  size = 0;
  /** @type {Underway[]} */
  down = [];
  /** @type {Underway[]} */
  up = [];
  /** Tells the server that it may go on. @type {(() => void) | null} */
  #goOn = null;

  /**
   * @param {net.Socket} client
   * @param {() => number} most bytes that wait
   */
  constructor(client, most) {
    super({ allowHalfOpen: false });
    this.client = client;
    this.most = most;
  }

  /** @override */
  _read() {}

  /**
   * @override
   * @param {Buffer} bytes
   * @param {string} _encoding
   * @param {() => void} done
   */
  _write(bytes, _encoding, done) {
    this.waiting.push(bytes);
    this.size += bytes.length;
    if (this.size < this.most()) done();
    else this.#goOn = done;
  }

  /** The bytes whose turn it is; none where there are none, or nobody takes them. */
  takeTurn() {
    const [first] = this.waiting;
    if (!first || this.client.writableLength > MOST_UNREAD) return null;
    const bytes = first.subarray(0, PIECE);
    if (bytes.length < first.length) this.waiting[0] = first.subarray(PIECE);
    else this.waiting.shift();
    this.size -= bytes.length;
    if (this.#goOn && this.size < this.most()) {
      const goOn = this.#goOn;
      this.#goOn = null;
      goOn();
    }
    return bytes;
  }
}

export class Line {
  /** Milliseconds of a round trip, and bytes a millisecond. */
  #roundTrip = 0;
  #rate = Infinity;
  /** When the line is free again. */
  #free = 0;
  /** When it last sent something. */
  #busy = 0;
  /** In the order of their turns. @type {Set<Connection>} */
  #connections = new Set();
  /** @type {net.Server[]} */
  #doors = [];
  #timer = setInterval(() => this.#move(), 1);

  /** @param {{ mbit: number, ms: number }} line */
  set({ mbit, ms }) {
    this.#roundTrip = ms;
    this.#rate = (mbit * 1e6) / 8 / 1000;
    this.#free = 0;
  }

  /**
   * A way to a server over the line.
   * @param {net.Server} server that listens nowhere
   * @returns {Promise<number>} the port of the door
   */
  async door(server) {
    const door = net.createServer((client) => this.#connect(client, server));
    this.#doors.push(door);
    await new Promise((resolve) => door.listen(0, '127.0.0.1', () => resolve(null)));
    return /** @type {net.AddressInfo} */ (door.address()).port;
  }

  close() {
    clearInterval(this.#timer);
    for (const connection of this.#connections) {
      connection.client.destroy();
      connection.destroy();
    }
    for (const door of this.#doors) door.close();
  }

  /**
   * @param {net.Socket} client
   * @param {net.Server} server
   */
  #connect(client, server) {
    const connection = new Connection(client, () =>
      Math.max(LEAST_WAITING, MOST_WAITING * this.#rate),
    );
    this.#connections.add(connection);
    client.setNoDelay(true);
    // The browser may speak once its handshake has gone there and back.
    const open = performance.now() + this.#roundTrip;
    client.on('data', (bytes) => {
      const at = Math.max(performance.now(), open) + this.#roundTrip / 2;
      connection.up.push({ at, bytes });
    });
    const end = () => {
      client.destroy();
      connection.destroy();
      this.#connections.delete(connection);
    };
    client.on('error', end);
    client.on('close', end);
    connection.on('error', end);
    // What is on its way arrives still.
    connection.on('close', () => setTimeout(end, this.#roundTrip + 1000));
    server.emit('connection', connection);
  }

  /** Gives every connection that has something to send its turns, and delivers what is due. */
  #move() {
    const now = performance.now();
    const idle = now - this.#busy > IDLE;
    this.#free = Math.max(this.#free, idle ? now - 1 : now - MAKES_UP);
    for (let sent = true; sent && this.#free <= now;) {
      sent = false;
      for (const connection of [...this.#connections]) {
        if (this.#free > now) break;
        const bytes = connection.takeTurn();
        if (!bytes) continue;
        sent = true;
        this.#busy = now;
        this.#free += bytes.length / this.#rate;
        connection.down.push({ at: this.#free + this.#roundTrip / 2, bytes });
        // To the end of the queue.
        this.#connections.delete(connection);
        this.#connections.add(connection);
      }
    }
    for (const connection of this.#connections) {
      const { client, up, down } = connection;
      for (const bytes of due(up, now)) connection.push(bytes);
      for (const bytes of due(down, now)) if (!client.destroyed) client.write(bytes);
    }
  }
}

/**
 * @param {Underway[]} underway
 * @param {number} now
 */
function due(underway, now) {
  const count = underway.findIndex(({ at }) => at > now);
  return underway.splice(0, count < 0 ? underway.length : count).map(({ bytes }) => bytes);
}
