// What waits until it is about to be seen.

/** How far below the part in sight something is made ready. */
const NEAR = '400px';

/**
 * Calls back once when an element comes near the part of the page in sight.
 * @param {HTMLElement} element
 * @param {() => void} work
 */
export function onceNear(element, work) {
  const observer = new IntersectionObserver(
    (seen) => {
      if (!seen.some((each) => each.isIntersecting)) return;
      observer.disconnect();
      work();
    },
    { rootMargin: NEAR },
  );
  observer.observe(element);
}
