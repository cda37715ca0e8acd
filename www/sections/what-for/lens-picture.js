// The logit lens as a picture: layers by positions, coloured by how likely the next token
// is, with the likeliest token written into each cell where there is room.

import { axisX, axisY, cell, plot, text } from '@observablehq/plot';
import { figure } from '../../kit/figure.js';

/** More positions than these are looked up in the table. */
const MOST = 40;
/** A cell narrower than this has no room for a word. */
const ROOM = 46;

/**
 * @param {Lens} lens
 * @param {number} room
 */
export function lensPicture({ order, layers, tokens }, room) {
  const n = Math.min(tokens.length - 1, MOST);
  const cells = order.flatMap((name) =>
    Array.from({ length: n }, (_, position) => {
      const layer = layers[name];
      return {
        name,
        position,
        logprob: layer?.next_token_logprob[position] ?? 0,
        top: layer?.top[position]?.[0]?.text.trim() ?? '',
      };
    }),
  );
  const left = 56;
  const each = (room - left - 8) / Math.max(n, 1);
  const chart = plot({
    width: room,
    height: order.length * 24 + 74,
    marginLeft: left,
    marginBottom: 66,
    marginTop: 8,
    x: { type: 'band', domain: Array.from({ length: n }, (_, i) => i), padding: 0.04 },
    y: { type: 'band', domain: [...order].reverse(), padding: 0.06 },
    color: { type: 'linear', scheme: 'blues', domain: [-14, 0], clamp: true, label: 'ln p' },
    marks: [
      cell(cells, { x: 'position', y: 'name', fill: 'logprob', title: 'top' }),
      each < ROOM
        ? null
        : text(cells, {
            x: 'position',
            y: 'name',
            text: (/** @type {typeof cells[number]} */ { top }) => cut(top, each),
            fill: (/** @type {typeof cells[number]} */ { logprob }) =>
              logprob > -7 ? 'white' : '#181d26',
            fontSize: 11,
          }),
      axisY({ label: null, tickSize: 0 }),
      axisX({
        label: null,
        tickSize: 0,
        tickFormat: (/** @type {number} */ i) => cut(tokens[i + 1]?.trim() ?? '', 90),
        tickRotate: -40,
      }),
    ],
  });
  const which = n < tokens.length - 1 ? ` of the first ${n} positions` : '';
  return figure(
    `Probability of the token that comes next${which}, after every layer; darker is likelier, written is the likeliest`,
    chart,
  );
}

/**
 * @param {string} word
 * @param {number} room in pixels
 */
function cut(word, room) {
  const most = Math.max(2, Math.floor(room / 7));
  return word.length > most ? `${word.slice(0, most - 1)}…` : word;
}
