// Tells when a worker is gone, whatever ended it: it holds a lock as long as it
// lives, and who waits for that lock gets it when it is free. Where a browser has
// no locks, only a missing answer tells.

/** A name for a lock that nobody else has. */
export function lifeName() {
  return `headscope ${Math.random()}`;
}

/**
 * Holds a lock for good.
 * @param {string} name
 * @returns {Promise<void>} which resolves once it is held, or cannot be
 */
export function stayAlive(name) {
  return new Promise((resolve) => {
    const hold = () => {
      resolve();
      return new Promise(() => {});
    };
    locks()?.request(name, hold).catch(resolve) ?? resolve();
  });
}

/**
 * Calls `gone` once nobody holds the lock any more.
 * @param {string} name
 * @param {() => void} gone
 */
export function whenGone(name, gone) {
  locks()
    ?.request(name, gone)
    .catch(() => {});
}

/** @returns {LockManager | undefined} which only pages that are served securely have */
function locks() {
  return navigator.locks;
}
