// Which way imports of www/ run: from a floor to those below it. `make lint` checks it
// (tools/lint-imports.mjs).

/** The rooms of www/, the upper floor first. Rooms of one floor import none of each other. */
const FLOORS = [['app'], ['sections'], ['steps'], ['labels'], ['study'], ['engine'], ['kit']];

/** @param {string[]} rooms */
const inside = (rooms) => `^(${rooms.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...FLOORS.slice(1).map((rooms, below) => ({
      name: `${rooms.join('-and-')}-looks-up`,
      comment: 'What a lower floor needs of an upper one belongs on the lower one.',
      severity: 'error',
      from: { path: inside(rooms) },
      to: { path: inside(FLOORS.slice(0, below + 1).flat()) },
    })),
    {
      name: 'section-knows-another',
      comment: 'What two sections need belongs in labels/, steps/, study/ or kit/.',
      severity: 'error',
      from: { path: '^sections/([^/]+)/' },
      to: { path: '^sections/', pathNot: '^sections/$1/' },
    },
    {
      name: 'circle-of-rooms',
      comment: 'Rooms that import each other are one room.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'circle-of-modules',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'early-waits',
      comment: 'What runs before the page is drawn is one script and waits for no module.',
      severity: 'error',
      from: { path: '^early/' },
      to: { pathNot: '^early/' },
    },
  ],
};
