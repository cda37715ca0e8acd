// A hub of model files as the published one behaves, to measure and to harm
// downloads: its front sends small files elsewhere on itself, and large ones to a
// signed address of a second origin that expires; both let other origins read,
// answer ranges, know no preflight, and count every byte of every body. The front
// may have a limit of requests. Faults come on command.

import assert from 'node:assert/strict';
import { open, stat } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bodies are written in pieces of this length, each only when the last is gone. */
const CHUNK = 128 << 10;

/** What the published host lets a page of another origin see. */
const EXPOSED = 'Content-Range, Accept-Ranges, Content-Length, ETag, Link';

/**
 * What goes wrong with an answer:
 * - `cut`: the connection ends after `after` bytes of the body (at once with `reset`)
 * - `stall`: nothing comes after `after` bytes, and the connection stays open
 * - `short`: Content-Range promises all, and the body ends, in good order, after `after` bytes
 * - `status`: the answer is `status`, with `retryAfter` seconds if given
 * - `whole`: the range is ignored: 200 and the whole file
 * - `patch`: the bytes at `offset` of the file arrive as `bytes`
 * - `no-cors`: no other origin may read it, nor the redirect to it
 * - `no-length`: HEAD does not tell the length
 * - `other`: 200, and `body` of the type `type` in place of the file
 * - `packed`: the range comes packed, and says so
 *
 * @typedef {object} Fault
 * @property {'cut' | 'stall' | 'short' | 'status' | 'whole' | 'patch' | 'no-cors' | 'no-length' | 'other' | 'packed'} do
 * @property {string} [file] only answers with this file; model.safetensors unless given
 * @property {number} [covers] only answers that hold this byte of the file
 * @property {number} [skip] so many answers go well first
 * @property {number} [times] so many answers go wrong; 1 unless given
 * @property {number} [after] bytes of the body before a cut, a stall or a short end
 * @property {number} [total] instead of `after`: bytes of all bodies from now on
 * @property {boolean} [reset] the connection is reset, so that what is on its way is lost
 * @property {number} [status]
 * @property {number | (() => string)} [retryAfter] in seconds, or a date as of the answer
 * @property {number} [offset]
 * @property {Buffer} [bytes]
 * @property {'front' | 'storage'} [origin] only answers of this origin; of both unless given
 * @property {string} [body]
 * @property {string} [type]
 */

/**
 * @typedef {Fault & { skip: number, times: number, issuedBefore: number }} ArmedFault
 */

/**
 * @typedef {object} HostRequest
 * @property {string} method
 * @property {string} file
 * @property {string} path
 * @property {number} [signature] of the address, if it is a signed one
 * @property {'front' | 'storage'} origin which of the two was asked
 * @property {string | null} range the header as it came
 * @property {number} from first byte asked for
 * @property {number} to the byte after the last one asked for
 * @property {number} status
 * @property {number} sent bytes of the body that left this process
 * @property {number} time when it came, in milliseconds
 * @property {Fault['do'] | null} fault what went wrong with it on command
 */

export class Host {
  /** Bytes of all bodies sent since the start, or since `reset`. */
  bytes = 0;
  /** @type {HostRequest[]} */
  requests = [];
  /** Bytes a second of all answers together; 0 for no limit. */
  rate = 0;
  /** Requests for files that the front answers before it refuses with 429. */
  limit = Infinity;
  /** What tells one version of a file from another, in every answer anew. */
  version = (/** @type {number} */ size) =>
    /** @type {http.OutgoingHttpHeaders} */ ({ ETag: `"stand-in-${size}"` });

  /** Bytes handed over for sending, so a few more than `bytes` at times. */
  #issued = 0;
  /** When the next byte may leave, where there is a limit. */
  #free = 0;
  /** @type {ArmedFault[]} */
  #faults = [];
  /** Whether a signed address answers once. */
  singleUse = false;
  /** Signed addresses are good from this number on, and so many were given. */
  #goodFrom = 1;
  #signed = 0;
  #front = http.createServer((request, response) => this.#answer('front', request, response));
  #storage = http.createServer((request, response) => this.#answer('storage', request, response));
  #frontOrigin = '';
  #storageOrigin = '';

  /** @param {string} folder */
  constructor(folder) {
    /** What it serves. */
    this.folder = folder;
  }

  async open() {
    this.#frontOrigin = await listen(this.#front);
    this.#storageOrigin = await listen(this.#storage);
    return this;
  }

  /** The first origin alone. */
  get front() {
    return this.#frontOrigin;
  }

  /** The folder's address as published: its large files redirect to the second origin. */
  get url() {
    return this.revision('main');
  }

  /** @param {string} revision */
  revision(revision) {
    return `${this.#frontOrigin}/somebody/stand-in/resolve/${revision}`;
  }

  /** The folder's address on a plain static host, without a redirect. */
  get plainUrl() {
    return `${this.#storageOrigin}/files`;
  }

  /** No signed address that was given until now is good any more. */
  expire() {
    this.#goodFrom = this.#signed + 1;
  }

  /** What the first origin was asked for, as the hub counts it for its limit. */
  get asked() {
    return this.requests.filter(
      ({ origin, path }) => origin === 'front' && path.includes('/resolve/'),
    );
  }

  /** @param {string} file */
  bytesOf(file) {
    return this.requests
      .filter((request) => request.file === file)
      .reduce((sum, { sent }) => sum + sent, 0);
  }

  /**
   * Makes something go wrong from now on. Of several faults that fit an
   * answer, the one set first has it.
   * @param {Fault} fault
   */
  fault(fault) {
    this.#faults.push({ skip: 0, times: 1, ...fault, issuedBefore: this.#issued });
  }

  /** Ends all faults to come. What is stalled stays so until the client gives up. */
  clear() {
    this.#faults = [];
    this.rate = 0;
    this.limit = Infinity;
  }

  /** Ends all faults and counts from 0. */
  reset() {
    this.clear();
    this.bytes = 0;
    this.requests = [];
  }

  async close() {
    await Promise.all([closed(this.#front), closed(this.#storage)]);
  }

  /**
   * @param {'front' | 'storage'} origin
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   */
  async #answer(origin, request, response) {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const file = path.posix.basename(pathname);
    /** @type {HostRequest} */
    const record = {
      method: request.method ?? '',
      file,
      path: pathname,
      origin,
      range: request.headers.range ?? null,
      from: 0,
      to: 0,
      status: 0,
      sent: 0,
      time: performance.now(),
      fault: null,
    };
    this.requests.push(record);
    response.on('error', () => {});
    try {
      await this.#respond(record, pathname, Number(searchParams.get('signature')), response);
    } catch (error) {
      response.destroy();
      // A file that ends early, or a fault set wrongly: no test can mean that.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /**
   * @param {HostRequest} record
   * @param {string} pathname
   * @param {number} signature of the address, if it is a signed one
   * @param {http.ServerResponse} response
   */
  async #respond(record, pathname, signature, response) {
    /** @param {number} status @param {http.OutgoingHttpHeaders} headers */
    const head = (status, headers = {}) => {
      record.status = status;
      response.writeHead(status, { 'Cache-Control': 'no-store', ...headers });
    };
    // A host need not answer preflights for a page to read its files.
    if (record.method !== 'GET' && record.method !== 'HEAD') {
      head(405);
      response.end();
      return;
    }
    const size = await this.#sizeOf(record, pathname);
    if (size === null) {
      head(404, cors());
      response.end('Entry not found');
      return;
    }
    if (record.origin === 'front' && pathname.includes('/resolve/')) {
      if (this.asked.length > this.limit) {
        // How long to wait is said, and no page of another origin may read it.
        head(429, { ...cors(), 'Retry-After': 60 });
        response.end();
        return;
      }
      const refused = this.#faults.find((fault) => fault.origin === 'front' && fits(fault, record));
      if (!refused) {
        const barred = this.#faults.some((fault) => fault.do === 'no-cors' && fits(fault, record));
        const large = record.file.endsWith('.safetensors');
        const location = large
          ? `${this.#storageOrigin}/blob/${record.file}?expires=1800000000&signature=${++this.#signed}`
          : `/api/resolve-cache/${record.file}`;
        head(large ? 302 : 307, { ...(barred ? {} : cors()), Location: location });
        response.end();
        return;
      }
    }
    const used = this.singleUse && this.requests.some((other) => other.signature === signature);
    record.signature = signature;
    if (pathname.startsWith('/blob/') && (used || signature < this.#goodFrom)) {
      head(403, cors());
      response.end('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>');
      return;
    }

    const wanted = rangeOf(record.range, size);
    if (!wanted) {
      head(416, { ...cors(), 'Content-Range': `bytes */${size}` });
      response.end();
      return;
    }
    [record.from, record.to] = wanted;
    const fault = this.#due(record);
    record.fault = fault?.do ?? null;
    const shared = fault?.do === 'no-cors' ? {} : cors();
    if (fault?.do === 'status') {
      head(fault.status ?? 500, {
        ...shared,
        ...(fault.retryAfter === undefined
          ? {}
          : {
              'Retry-After':
                typeof fault.retryAfter === 'function' ? fault.retryAfter() : fault.retryAfter,
              'Access-Control-Expose-Headers': 'Retry-After',
            }),
      });
      response.end();
      return;
    }

    if (fault?.do === 'other') {
      head(200, { ...shared, 'Content-Type': fault.type ?? 'text/html; charset=utf-8' });
      response.end(fault.body);
      return;
    }
    const partial = record.range !== null && fault?.do !== 'whole';
    if (fault?.do === 'packed') {
      const part = await readPart(path.join(this.folder, record.file), record.from, record.to);
      head(206, {
        ...shared,
        'Access-Control-Expose-Headers': `${EXPOSED}, Content-Encoding`,
        'Content-Encoding': 'gzip',
        'Content-Range': `bytes ${record.from}-${record.to - 1}/${size}`,
      });
      response.end(gzipSync(part));
      return;
    }
    if (!partial) [record.from, record.to] = [0, size];
    const length = record.to - record.from;
    const lengthUntold =
      fault?.do === 'short' || (fault?.do === 'no-length' && record.method === 'HEAD');
    head(partial ? 206 : 200, {
      ...shared,
      'Content-Type': record.file.endsWith('.json') ? 'application/json' : 'binary/octet-stream',
      'Accept-Ranges': 'bytes',
      ...this.version(size),
      ...(lengthUntold ? {} : { 'Content-Length': length }),
      ...(partial ? { 'Content-Range': `bytes ${record.from}-${record.to - 1}/${size}` } : {}),
    });
    if (record.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    await this.#send(record, response, fault);
  }

  /**
   * Sends the body, up to where a fault ends it.
   * @param {HostRequest} record
   * @param {http.ServerResponse} response
   * @param {ArmedFault | undefined} fault
   */
  async #send(record, response, fault) {
    const gone = new Promise((resolve) => response.once('close', resolve));
    const limited = fault?.after !== undefined && ['cut', 'stall', 'short'].includes(fault.do);
    const last = limited ? Math.min(record.to, record.from + (fault.after ?? 0)) : record.to;
    let ending = limited ? fault : undefined;
    const handle = await open(path.join(this.folder, record.file));
    try {
      for (let at = record.from; at < last && !response.destroyed;) {
        let length = Math.min(CHUNK, last - at);
        const armed = this.#faults.find((each) => each.total !== undefined && fits(each, record));
        if (armed && armed.times > 0) {
          const left = Math.max((armed.total ?? 0) - (this.#issued - armed.issuedBefore), 0);
          if (left < length) {
            armed.times -= 1;
            ending = armed;
            length = left;
          }
        }
        if (length > 0) {
          this.#issued += length;
          await this.#pace(length);
          const chunk = Buffer.allocUnsafe(length);
          const { bytesRead } = await handle.read(chunk, 0, length, at);
          assert.equal(bytesRead, length, `${record.file} is shorter than it was`);
          if (fault?.do === 'patch') patch(chunk, at, fault);
          await Promise.race([written(response, chunk), gone]);
          if (response.destroyed) return;
          record.sent += length;
          this.bytes += length;
          at += length;
        }
        if (ending && ending !== fault) break;
      }
    } finally {
      await handle.close();
    }
    if (!ending || ending.do === 'short') {
      response.end();
    } else {
      record.fault = ending.do;
      if (ending.do === 'stall') await gone;
      else if (ending.reset) response.socket?.resetAndDestroy();
      else response.destroy();
    }
  }

  /**
   * The fault, if any, that an answer has from its beginning.
   * @param {HostRequest} record
   */
  #due(record) {
    const fault = this.#faults.find(
      (each) =>
        each.total === undefined &&
        each.times > 0 &&
        fits(each, record) &&
        (each.do !== 'no-length' || record.method === 'HEAD') &&
        (each.do !== 'whole' || record.range !== null),
    );
    if (!fault) return undefined;
    if (fault.skip > 0) {
      fault.skip -= 1;
      return undefined;
    }
    fault.times -= 1;
    return fault;
  }

  /** @param {number} length */
  async #pace(length) {
    if (this.rate === 0) return;
    const now = performance.now();
    this.#free = Math.max(this.#free, now) + (length * 1000) / this.rate;
    await new Promise((resolve) => setTimeout(resolve, this.#free - now));
  }

  /**
   * @param {HostRequest} record
   * @param {string} pathname
   * @returns {Promise<number | null>} null for what is not there
   */
  async #sizeOf({ file, origin }, pathname) {
    const known =
      origin === 'front'
        ? /^\/([^/]+\/[^/]+\/resolve\/[^/]+|api\/resolve-cache)\/[^/]+$/
        : /^\/(blob|files)\/[^/]+$/;
    if (!known.test(pathname)) return null;
    const found = await stat(path.join(this.folder, file)).catch(() => null);
    return found?.isFile() ? found.size : null;
  }
}

/** @param {{ folder: string }} options */
export function startHost({ folder }) {
  return new Host(folder).open();
}

/**
 * @param {Fault} fault
 * @param {HostRequest} record
 */
function fits({ file = 'model.safetensors', origin, covers }, record) {
  if (record.file !== file || (origin && record.origin !== origin)) return false;
  return covers === undefined || (record.from <= covers && covers < record.to);
}

function cors() {
  return {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': EXPOSED,
  };
}

/**
 * @param {string} file
 * @param {number} from
 * @param {number} to
 */
async function readPart(file, from, to) {
  const handle = await open(file);
  try {
    return (await handle.read(Buffer.alloc(to - from), 0, to - from, from)).buffer;
  } finally {
    await handle.close();
  }
}

/**
 * @param {string | null} header
 * @param {number} size
 * @returns {[from: number, to: number] | null} null for a range beyond the file
 */
function rangeOf(header, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || (first === '' && last === '')) return [0, size];
  if (first === '') return [Math.max(size - Number(last), 0), size];
  const to = last === '' ? size : Math.min(Number(last) + 1, size);
  return Number(first) < to ? [Number(first), to] : null;
}

/**
 * @param {Buffer} chunk
 * @param {number} at where it begins in the file
 * @param {Fault} fault
 */
function patch(chunk, at, { offset = 0, bytes = Buffer.alloc(0) }) {
  bytes.forEach((byte, i) => {
    const place = offset + i - at;
    if (place >= 0 && place < chunk.length) chunk[place] = byte;
  });
}

/**
 * Resolves when the bytes have left this process, or never will.
 * @param {http.ServerResponse} response
 * @param {Buffer} chunk
 */
function written(response, chunk) {
  return new Promise((resolve) => response.write(chunk, resolve));
}

/**
 * @param {http.Server} server
 * @returns {Promise<string>} its origin
 */
function listen(server) {
  // A connection that is closed while idle would be a fault nobody ordered.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

/**
 * @param {http.Server} server
 * @returns {Promise<void>}
 */
function closed(server) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
