/** The characters that stand for bytes in GPT-2's vocabulary, in the order of their ids (OpenAI's encoder.py). */
export function byteSymbols() {
  const printable = (/** @type {number} */ b) =>
    (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  const bytes = Array.from({ length: 256 }, (_, b) => b);
  const hidden = bytes.filter((b) => !printable(b)).map((_, i) => 256 + i);
  return [...bytes.filter(printable), ...hidden].map((code) => String.fromCharCode(code));
}
