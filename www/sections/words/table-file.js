// A word table's file as text: in which encoding it is, and what is no text at all.

/** How files begin that are often taken for a table, and what they are. */
const OTHERS = [
  { bytes: [0x89, 0x50, 0x4e, 0x47], what: 'a picture' },
  { bytes: [0xff, 0xd8, 0xff], what: 'a picture' },
  { bytes: [0x47, 0x49, 0x46, 0x38], what: 'a picture' },
  { bytes: [0x52, 0x49, 0x46, 0x46], what: 'a picture or a sound' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'a PDF' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a packed file such as a spreadsheet' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: 'an office file such as a spreadsheet' },
  { bytes: [0x1f, 0x8b], what: 'a packed file' },
];

/** The encoding that most old files of Western languages have. */
const OLD = 'windows-1252';

/**
 * The text of a file, and what is to be known of how it was read. What is no text
 * is thrown as an error that says what it is.
 * @param {ArrayBuffer} buffer
 * @returns {{ text: string, notice: string }}
 */
export function textOf(buffer) {
  const bytes = new Uint8Array(buffer);
  const other = OTHERS.find(({ bytes: start }) => start.every((byte, at) => bytes[at] === byte));
  if (other) throw new Error(`is ${other.what}, not CSV.`);
  const wide = wideEncoding(bytes);
  if (wide) {
    try {
      return { text: decode(bytes, wide), notice: '' };
    } catch {
      throw new Error('begins like UTF-16 and is no text, so no CSV.');
    }
  }
  if (bytes.some(isControl)) throw new Error('is no text, so no CSV.');
  try {
    return { text: decode(bytes, 'utf-8'), notice: '' };
  } catch {
    const notice =
      'The file is not in UTF-8. It was read as Windows-1252: look whether all letters are right, or save it as UTF-8.';
    return { text: decode(bytes, OLD), notice };
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {string} encoding
 */
function decode(bytes, encoding) {
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

/**
 * UTF-16, told by its mark or, without one, by the zero in half of all bytes.
 * @param {Uint8Array} bytes
 */
function wideEncoding(bytes) {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  bytes.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  const many = bytes.length / 4;
  if (odd > many && even === 0) return 'utf-16le';
  if (even > many && odd === 0) return 'utf-16be';
  return null;
}

/** @param {number} byte */
function isControl(byte) {
  return byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(byte);
}
