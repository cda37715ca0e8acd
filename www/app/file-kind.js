// What dropped files are: a model's own, results or settings, a word table, or nothing
// that the page has a use for. The name tells, and where it does not, the contents.
// They are then picked, as if by hand, in the field for their kind.

import { byId } from '../kit/dom.js';
import { plural } from '../kit/format.js';
import { CONVERT, OTHER_WEIGHTS, SIZES } from '../sections/launch/model-files.js';

/** @typedef {'model' | 'results' | 'words'} Kind */

/** The fields that take each kind. The first kind that is there goes first. */
const FIELDS = /** @type {const} */ ({
  model: 'model-files',
  results: 'open-file',
  words: 'words-file',
});

/** What each kind is called in a message. @type {Record<Kind, string>} */
const CALLED = { model: 'a model', results: 'results or settings', words: 'a word table' };

/** Files beside a model's weights, by name. */
const MODEL_FILES =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$|^merges\.txt$|\.safetensors$|\.safetensors\.index\.json$/i;

/** What files with other endings hold, for a message. @type {[RegExp, string][]} */
const OTHERS = [
  [/\.(png|jpe?g|gif|webp|svg|avif|bmp|heic)$/i, 'a picture'],
  [/\.(pdf|docx?|odt|rtf|pages)$/i, 'a document'],
  [/\.(xlsx?|ods|numbers)$/i, 'a spreadsheet; save it as CSV'],
  [/\.(zip|gz|tgz|tar|xz|7z|bz2|zst)$/i, 'an archive; unpack it first'],
  [/\.(html?|mhtml)$/i, 'a web page'],
  [/\.(py|ipynb|js|rs|md)$/i, 'a program or its text'],
];

/** Bytes at either end of a file that tell what it is. */
const END = 65_536;

/** Entries of folders that are looked at; more are no model's folder. */
const MOST_ENTRIES = 2000;

/**
 * Sorts what was dropped and hands it on. What cannot be used is thrown as a Problem,
 * after the rest was taken.
 * @param {(FileSystemEntry | File | null)[]} dropped
 */
export async function takeDropped(dropped) {
  const folders = dropped.some((entry) => isEntry(entry) && entry.isDirectory);
  const files = folders ? onceEach(await filesOf(dropped)) : await filesOf(dropped);
  /** @type {Record<Kind, File[]>} */
  const sorted = { model: [], results: [], words: [] };
  /** @type {string[]} */
  const refused = [];
  for (const file of files) {
    const found = await kindOf(file);
    if (typeof found === 'string' && found in FIELDS)
      sorted[/** @type {Kind} */ (found)].push(file);
    else refused.push(`${file.name} ${found}`);
  }
  const foreign = files.find(({ name }) => OTHER_WEIGHTS.test(name));
  if (foreign && sorted.model.every(({ name }) => /\.(json|txt)$/i.test(name))) {
    throw otherWeights(foreign.name);
  }
  const kinds = /** @type {Kind[]} */ (Object.keys(FIELDS));
  const kind = kinds.find((each) => sorted[each].length > 0);
  if (kind) pick(FIELDS[kind], kind === 'model' ? sorted.model : sorted[kind].slice(0, 1));
  const left = kinds.flatMap((each) => {
    const unused = each === kind ? (each === 'model' ? [] : sorted[each].slice(1)) : sorted[each];
    return unused.map(({ name }) => `${name} (${CALLED[each]})`);
  });
  // A model's folder holds much else that nobody dropped for its own sake.
  if (kind === 'model' && folders) return;
  if (left.length > 0) throw leftOver(kind, left);
  if (refused.length > 0) throw useless(refused, kind);
  if (!kind) throw useless(['There is no file in what was dropped.'], undefined);
}

/**
 * Files of folders, each name once: what lies deeper is another form of the same. What
 * systems hide is nobody's wish.
 * @param {File[]} files the shallow ones first
 */
function onceEach(files) {
  const shown = files.filter(({ name }) => !name.startsWith('.'));
  return [...new Map(shown.reverse().map((file) => [file.name, file])).values()].reverse();
}

/**
 * The kind of a file, or what else it is.
 * @param {File} file
 * @returns {Promise<string>} a `Kind`, or the end of a sentence
 */
async function kindOf(file) {
  const { name, size } = file;
  if (MODEL_FILES.test(name)) return 'model';
  if (OTHER_WEIGHTS.test(name)) return 'holds weights in a form that is not read here.';
  const other = OTHERS.find(([ending]) => ending.test(name));
  if (other) return `is ${other[1]}.`;
  if (size === 0) return 'is empty.';
  const bytes = new Uint8Array(await file.slice(0, END).arrayBuffer());
  if (isSafetensors(bytes)) return 'model';
  const text = new TextDecoder().decode(bytes);
  // The order of an object's keys tells nothing.
  if (/^\s*[{[]/.test(text)) return kindOfJson(text + (await file.slice(-END).text()));
  // The field for words says what is wrong with a table, in whatever script it is.
  if (/\.(csv|tsv|tab|txt)$/i.test(name) || !text.includes('\0')) return 'words';
  return 'is of no kind that this page reads.';
}

/** @param {string} text its beginning and its end */
function kindOfJson(text) {
  if (/"schema"\s*:\s*"headscope-/.test(text)) return 'results';
  if (SIZES.test(text) || /"weight_map"\s*:/.test(text)) return 'model';
  if (/"(added_tokens|pre_tokenizer|merges)"\s*:/.test(text)) return 'model';
  return 'is JSON, and neither results, nor settings, nor a model’s config.';
}

/**
 * The header of a safetensors file: its length in eight bytes, then JSON.
 * @param {Uint8Array} bytes
 */
function isSafetensors(bytes) {
  if (bytes.length < 10) return false;
  const length = new DataView(bytes.buffer).getBigUint64(0, true);
  return length > 1n && length < 100_000_000n && bytes[8] === '{'.charCodeAt(0);
}

/**
 * All files, those of folders included.
 * @param {(FileSystemEntry | File | null)[]} dropped
 * @returns {Promise<File[]>}
 */
async function filesOf(dropped) {
  /** @type {File[]} */
  const files = [];
  const waiting = dropped.filter((entry) => entry !== null);
  for (let seen = 0; waiting.length > 0 && seen < MOST_ENTRIES; seen += 1) {
    const next = /** @type {FileSystemEntry | File} */ (waiting.shift());
    if (!isEntry(next)) files.push(next);
    else if (next.isFile) files.push(await fileOf(/** @type {FileSystemFileEntry} */ (next)));
    else waiting.push(...(await entriesOf(/** @type {FileSystemDirectoryEntry} */ (next))));
  }
  return files;
}

/**
 * @param {FileSystemEntry | File | null} found
 * @returns {found is FileSystemEntry}
 */
function isEntry(found) {
  return found !== null && 'isDirectory' in found;
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File>}
 */
function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/**
 * A browser tells of a folder's entries some at a time, and then of none.
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<FileSystemEntry[]>}
 */
async function entriesOf(folder) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const all = [];
  while (all.length < MOST_ENTRIES) {
    const some = await new Promise(
      (/** @type {(entries: FileSystemEntry[]) => void} */ resolve, reject) =>
        reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    all.push(...some);
  }
  return all;
}

/**
 * Picks files in a field, as its own button would.
 * @param {string} id
 * @param {File[]} files
 */
function pick(id, files) {
  const field = byId(id, HTMLInputElement);
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  field.files = list.files;
  // What comes of it is told beside the field, which may be folded away.
  for (
    let fold = field.closest('details');
    fold;
    fold = fold.parentElement?.closest('details') ?? null
  ) {
    fold.open = true;
  }
  field.dispatchEvent(new Event('change', { bubbles: true }));
  (field.hidden ? field.parentElement : field)?.scrollIntoView({ block: 'nearest' });
}

/**
 * @param {Kind | undefined} kind
 * @param {string[]} left
 * @returns {Problem}
 */
function leftOver(kind, left) {
  return {
    what: `${plural(left.length, 'file')} not taken: ${left.join(', ')}.`,
    kept: kind ? `What was dropped with it as ${CALLED[kind]} was taken.` : '',
    next: 'Drop one kind at a time, and one file of results, settings or words.',
    offers: [],
    key: null,
  };
}

/**
 * @param {string} name
 * @returns {Problem}
 */
function otherWeights(name) {
  return {
    what: `${name} holds weights in a form that is not read here.`,
    kept: 'What the page shows is kept.',
    next: CONVERT,
    offers: [],
    key: null,
  };
}

/**
 * @param {string[]} refused
 * @param {Kind | undefined} kind
 * @returns {Problem}
 */
function useless(refused, kind) {
  const shown = refused.slice(0, 4);
  const more = refused.length - shown.length;
  return {
    what: [...shown, more > 0 ? `So it is with ${more} more.` : ''].join(' ').trim(),
    kept: kind ? 'The rest was taken.' : 'What the page shows is kept.',
    next: 'A model is model.safetensors with its config.json; results and settings are JSON that this page saved; words are a table as CSV or text.',
    offers: [],
    key: null,
  };
}
