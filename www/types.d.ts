// The seam between the page, the worker and the Rust module, as types that
// every module of the page sees. The shapes are those of the results the Rust
// side serialises; the JSDoc comments in the modules refer to them by name.

type Metric = 'cell-mean' | 'row-mass' | 'surprisal';
type Kind =
  'notebook' | 'position-mean' | 'dataset-mean' | 'global-mean' | 'zero' | 'resample' | 'head-mean';
type ColorName = 'viridis' | 'magma' | 'cividis' | 'blues';

/** Everything a link restores. `prompt` is a sequence number, from 0, as drawn. */
interface Settings {
  model: string;
  seed: number;
  n: number;
  len: number;
  cats: number;
  words: string | null;
  text: string | null;
  head: string;
  prompt: number;
  metric: Metric;
  kind: Kind;
  /** What heads are scored for: `same-category`, `self`, …, or `pair-0-4`. */
  target: string;
  /** What heads are scored over: all kept prompts, or the shown one. */
  over: 'kept' | 'prompt';
  /** `all`, or groups of components: `L0H1,L0H5+L0.mlp`. */
  ablate: string | null;
  /** A second kind, to be put beside the first. */
  against: Kind | null;
  /** `0-19`. */
  seeds: string;
  /** Heads shown side by side: `L1H5,L0H3`. */
  pins: string | null;
  view: string | null;
  run: 'all' | null;
}

/** A value of one setting that cannot be used, why, and what is used in its place. */
interface SettingProblem {
  key: string;
  value: string;
  message: string;
  consequence: string;
}

/** An error that a person can act on. */
interface Problem {
  what: string;
  kept: string;
  next: string;
  offers: ('tiny' | 'retry')[];
  key: string | null;
}

interface Cancelled {
  cancelled: true;
}

interface Progress {
  stage: string;
  done: number;
  total: number;
  unit: 'bytes' | 'prompts' | 'runs' | 'seeds' | 'tokens';
  network: number;
  cache: number;
  /** What is known of the result already: the heads of finished layers. */
  partial: PartialScores | null;
}

interface PartialScores {
  mean: number[][];
  chance: number;
}

interface Prompt {
  sequence: number;
  words: string[];
  categories: number[];
  tokens: string[];
  token_ids: number[];
  /** For each token the word it belongs to; beginning-of-text has none. */
  word_of: (number | null)[];
  splits: { word: string; tokens: string[] }[];
  kept: boolean;
  reason: string | null;
  targets: number;
}

interface PromptSet {
  prompts: Prompt[];
  categories: string[];
  kept: number[];
}

/** What goes beyond the three steps; results that come and go with the settings. */
type Tool =
  'pins' | 'thumbnails' | 'categories' | 'contrasts' | 'seeds' | 'text' | 'continuation' | 'check';
type Step = 'head' | 'scores' | 'ablations' | Tool;

interface Estimate {
  host: string;
  /** From the network; null where the model's sizes are not known yet. */
  bytes: number | null;
  /** Of this browser's cache. */
  cached: number | null;
  known: boolean;
}

interface ModelInfo {
  id: string;
  name: string;
  n_layer: number;
  n_head: number;
  d_model: number;
  n_ctx: number;
  n_vocab: number;
  file_bytes: number;
  head: string;
  problems: SettingProblem[];
  note: string | null;
  /** Bytes that opening it and showing the head took. */
  read: { network: number; cache: number };
  storage_note: string | null;
}

/** What is kept on this device, and what the browser grants. */
interface Storage {
  bytes: number;
  used: number | null;
  granted: number | null;
  note: string | null;
}

interface Shares {
  same_category: number;
  same_word: number;
  self: number;
  bos: number;
  other: number;
}

interface PatternResult {
  head: string;
  prompt: number;
  n: number;
  pattern: Float32Array;
  relations: Uint8Array;
  tokens: string[];
  score: number | null;
  chance: number | null;
  shares: Shares;
}

interface HeadScores {
  metric: Metric;
  target: string;
  chance: number | null;
  higher_is_more: boolean;
  mean: (number | null)[][];
  sd: (number | null)[][];
  per_prompt: Record<string, (number | null)[][]>;
  best: { layer: number; head: number; score: number };
  rank_of_shown: number;
  n: number;
  skipped: { sequence: number; reason: string }[];
}

interface AblationRow {
  component: string;
  kind: Kind;
  label: string;
  sequences: number[];
  baseline: number[];
  ablated: number[];
  mean_baseline: number;
  mean_ablated: number;
  effect: number;
  /** Nothing for one prompt, as the interval. */
  sd: number | null;
  ci: [number, number] | null;
  shares_before: Shares;
  shares_after: Shares;
}

interface Ablations {
  head: string;
  metric: Metric;
  target: string;
  against: Kind | null;
  chance: number | null;
  kind: Kind;
  n: number;
  rows: AblationRow[];
}

/** Where the words of one category look; the row sums to 1. */
interface FromCategory {
  category: number;
  destinations: number;
  mass: number[];
  cell_mean: (number | null)[];
  cells: number[];
  same_word: number;
  self: number;
  bos: number;
  no_category: number;
}

interface CategoryMatrix {
  categories: number[];
  rows: FromCategory[];
}

interface Categories {
  head: string;
  n: number;
  attention: CategoryMatrix;
  chance: CategoryMatrix;
}

interface HeadContrast {
  head: string;
  n: number;
  score: number | null;
  sd: number | null;
  chance: number | null;
  shares: Shares;
}

interface Contrasts {
  metric: Metric;
  target: string;
  conditions: { name: string; prompts: number; heads: HeadContrast[] }[];
}

interface SeedResult {
  seed: number;
  prompts: number;
  score: number;
  chance: number;
  rank: number;
  best: string;
  holds: boolean;
  effects: AblationRow[];
}

interface Seeds {
  head: string;
  metric: Metric;
  target: string;
  higher_is_more: boolean;
  heads: number;
  asked: number;
  seeds: SeedResult[];
}

interface NextToken {
  id: number;
  text: string;
  probability: number;
}

interface Reading {
  losses: number[];
  next: NextToken[];
}

interface TextReading {
  prompt: number;
  tokens: string[];
  token_ids: number[];
  before: Reading;
  after: Reading | null;
  components: string;
  label: string;
  kinds: string;
}

interface Continuation {
  text: string;
  tokens: string[];
  token_ids: number[];
  components: string;
  seed: number;
  temperature: number;
  top_p: number;
}

interface SelfCheck {
  model: string;
  prompts: {
    prompt: string;
    same_ids: boolean;
    same_top: boolean;
    logits: number | null;
    attention: number | null;
    attention_figures: number;
    pattern: number | null;
  }[];
}

/** What is said of a head beside its pattern. */
interface HeadFacts {
  head: string;
  score: number | null;
  shares: Shares;
}

/** Patterns of the pinned heads on the shown prompt, one after the other. */
interface Pins {
  prompt: number;
  heads: HeadFacts[];
  /** Heads of layers that are not loaded. */
  missing: string[];
  patterns: Float32Array;
}

/** Patterns of every head of the loaded layers, `side` rows and columns each. */
interface ThumbnailSheet {
  prompt: number;
  n: number;
  side: number;
  n_layer: number;
  n_head: number;
  heads: HeadFacts[];
  cells: Float32Array;
}

/** A token as a heatmap labels it. */
interface TokenLabel {
  text: string;
  /** Row of the word table, and its letter. */
  category: number | null;
  letter: string;
  /** Whether it goes on with the word of the token before. */
  joined: boolean;
}

interface ToolResults {
  pins: Pins;
  thumbnails: ThumbnailSheet;
  categories: Categories;
  contrasts: Contrasts;
  seeds: Seeds;
  text: TextReading;
  continuation: Continuation;
  check: SelfCheck;
}

/** The tokens of one word, within a prompt and at its start. */
interface WordTokens {
  after_space: string[];
  at_start: string[];
}

/** What a results file says of the model that computed it. */
interface ImportedModel {
  id: string;
  n_layer: number;
  n_head: number;
}

/** A results file, as the page shows it. */
interface ImportedResults {
  build: string;
  model: ImportedModel | null;
  settings: Settings;
  promptSet: PromptSet;
  pattern: PatternResult | null;
  scores: HeadScores | null;
  ablations: Ablations | null;
  further: Partial<Omit<ToolResults, 'text' | 'check'>> & {
    reading?: TextReading;
    self_check?: SelfCheck;
  };
}

/** What the methods of the engine in the worker take and give. */
interface EngineMethods {
  prompts: { args: { settings: Settings }; result: PromptSet };
  estimate: {
    args: { settings: Settings; step: 'head' | 'scores' | 'ablations' };
    result: Estimate;
  };
  load: { args: { settings: Settings }; result: ModelInfo };
  pattern: { args: { settings: Settings }; result: PatternResult };
  score_heads: { args: { settings: Settings }; result: HeadScores };
  run_ablations: { args: { settings: Settings }; result: Ablations };
  pick_file: { args: { file: File; config: File | null }; result: null };
  storage: { args: {}; result: Storage };
  clear_storage: { args: {}; result: null };
  estimate_tool: { args: { settings: Settings; tool: Tool; figures?: string }; result: Estimate };
  pinned: { args: { settings: Settings; heads: string[]; fetch: boolean }; result: Pins };
  thumbnails: { args: { settings: Settings; fetch: boolean }; result: ThumbnailSheet };
  categories: { args: { settings: Settings }; result: Categories };
  contrast: {
    args: {
      settings: Settings;
      heads: string[];
      conditions: { name: string; settings: Settings }[];
    };
    result: Contrasts;
  };
  many_seeds: { args: { settings: Settings }; result: Seeds };
  read_text: { args: { settings: Settings }; result: TextReading };
  continue_text: {
    args: {
      settings: Settings;
      tokens: number;
      seed: number;
      temperature: number;
      top_p: number;
      ablated: boolean;
    };
    result: Continuation;
  };
  use_threads: { args: { threads: number }; result: null };
  self_check: { args: { settings: Settings; figures: string }; result: SelfCheck };
  export_json: { args: {}; result: string };
  export_csv: { args: {}; result: string };
  import_results: { args: { text: string }; result: ImportedResults };
  word_tokens: { args: { words: string[] }; result: WordTokens[] };
}

interface EngineOptions {
  module: WebAssembly.Module;
  /** Address of the site's folder. */
  base: string;
  /** How many threads share the work at a model. */
  threads: number;
}

/** To and from a worker beside the computing one. */
type ToMember =
  | { init: WebAssembly.Module }
  | { give: { name: string; rows: number; columns: number; numbers: Float32Array } }
  | { ask: { id: number; names: string[]; numbers: Uint32Array; x: Float32Array } };

type FromMember =
  { ready: true } | { id: number; numbers: Float32Array } | { id: number; error: string };

type ToWorker =
  | { init: EngineOptions }
  | { id: number; method: keyof EngineMethods; args: object }
  | { cancel: number };

type FromWorker =
  | { id: number; result: unknown }
  | { id: number; problem: Problem | Cancelled }
  | { id: number; progress: Progress };

/** What can be drawn on a CanvasBoard: rows and columns of cells. Widths, heights
    and places are CSS pixels. */
interface BoardView {
  readonly rows: number;
  readonly columns: number;
  /** The size that the whole picture takes where so much width is available. */
  size(width: number): { width: number; height: number };
  /** Shows only this part of it from here on. */
  look(x: number, y: number, width: number, height: number): void;
  /** Where that part has to begin to show a cell. */
  reveal(row: number, column: number): { x: number; y: number };
  draw(
    context: CanvasRenderingContext2D,
    dpr: number,
    dark: boolean,
    row: number,
    column: number,
  ): void;
  cellAt(x: number, y: number): { row: number; column: number } | undefined;
  /** The whole picture as a document. */
  svg(dark: boolean, row: number, column: number): string;
  free(): void;
}

declare module '*/pkg/headscope.js' {
  export default function init(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  export function parse_link(hash: string): { settings: Settings; problems: SettingProblem[] };
  export function format_link(settings: Settings): string;
  export function default_settings(): Settings;
  export function parse_words(csv: string): { rows: string[][] };
  export function format_words(rows: string[][]): string;
  export function format_csv(rows: string[][]): string;
  /** The fields of one line, white space around them left out. */
  export function split_csv_line(line: string): string[];
  export function check_settings(settings: Settings): SettingProblem[];
  /** Settings that are possible together, and what had to be put right for it. */
  export function reconcile(settings: Settings): {
    settings: Settings;
    problems: SettingProblem[];
  };

  interface Look {
    scale: string;
    max: string;
    colors: string;
    bos: string;
  }

  export function pattern_view(
    options: { pattern: Float32Array; relations: Uint8Array; tokens: TokenLabel[] } & Look,
  ): BoardView;
  export function head_map_view(options: {
    n_layer: number;
    n_head: number;
    scores: (number | null)[];
    chance: number | null;
    colors: string;
    best: [number, number] | null;
    shown: [number, number] | null;
  }): BoardView;
  export function thumbnails_view(
    options: {
      cells: Float32Array;
      side: number;
      names: string[];
      columns: number | null;
      shown: number | null;
    } & Look,
  ): BoardView;

  export class CrewMember {
    keep(name: string, rows: number, columns: number, numbers: Float32Array): void;
    work(names: string[], numbers: Uint32Array, x: Float32Array): Float32Array;
  }

  export class Engine {
    constructor(base: string, build: string, crew: import('./crew.js').Crew);
    [method: string]: (
      args: object,
      onProgress: (progress: Progress) => void,
      signal: AbortSignal,
    ) => Promise<unknown>;
  }
}

declare module '*/vendor/wasm-features.js' {
  /** Whether this browser compiles relaxed vector instructions. */
  export function relaxedSimd(): Promise<boolean>;
}

declare module '*/vendor/plot.js' {
  export function plot(options: object): SVGSVGElement | HTMLElement;
  export function dot(data: unknown, options: object): object;
  export function link(data: unknown, options: object): object;
  export function ruleX(data: unknown, options?: object): object;
  export function axisX(options: object): object;
  export function gridX(options?: object): object;
  export function axisY(options: object): object;
  export function gridY(options?: object): object;
  export function ruleY(data: unknown, options?: object): object;
}
