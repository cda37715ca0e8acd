// The views that can be taken away as pictures, and when there is one.

/**
 * @typedef {object} PictureChoice
 * @property {'heatmap' | 'pins' | 'thumbnails' | 'headmap' | 'ablations' | 'seeds' | 'circuits' | 'lens'} key
 * @property {string} label
 * @property {(state: import('../../study/study-state.js').StudyState) => boolean} ready
 */

/** The heatmap comes first: it is what there is from the start. @type {PictureChoice[]} */
export const PICTURES = [
  { key: 'heatmap', label: 'Heatmap', ready: ({ pattern }) => pattern !== null },
  {
    key: 'pins',
    label: 'Pinned heads',
    ready: ({ further, pattern }) => pattern !== null && (further.pins?.heads.length ?? 0) > 0,
  },
  {
    key: 'thumbnails',
    label: 'Patterns of all heads',
    ready: ({ further }) => (further.thumbnails?.heads.length ?? 0) > 0,
  },
  { key: 'headmap', label: 'Map of all heads’ scores', ready: ({ scores }) => scores !== null },
  {
    key: 'ablations',
    label: 'Charts of the ablations',
    ready: ({ ablations }) => ablations !== null,
  },
  {
    key: 'seeds',
    label: 'Charts of many seeds',
    ready: ({ further }) => further.seeds !== undefined,
  },
  {
    key: 'circuits',
    label: 'Words against one another',
    ready: ({ further }) => further.circuits?.words != null,
  },
  { key: 'lens', label: 'Logit lens', ready: ({ further }) => further.lens !== undefined },
];
