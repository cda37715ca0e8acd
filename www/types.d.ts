// What every module of the page sees and has no Rust type. All that crosses the border
// to the Rust side is in engine/shapes.d.ts, which is made of the types there.

/** Names in the catalogue. */
type Metric = string;
type AblationKind = string;
type ColorName = 'viridis' | 'magma' | 'cividis' | 'blues';

/** Values of settings as controls give them. */
type Patch = Partial<Record<keyof Settings, string | number | null>>;

/** What the page runs: a step, a tool, the site's own model in place of another, or what a
    file is to hold. */
type Task = Step | 'demo' | 'export';

interface Cancelled {
  cancelled: true;
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

/** What can be drawn on a CellCanvas: rows and columns of cells. Widths, heights
    and places are CSS pixels. */
interface DrawnCells {
  readonly rows: number;
  readonly columns: number;
  /** The size that the whole picture takes where so much width is available. */
  size(width: number): { width: number; height: number };
  /** Shows only this part of it from here on. */
  look(x: number, y: number, width: number, height: number): void;
  /** Where that part has to begin to show a cell. */
  reveal(row: number, column: number): { x: number; y: number };
  /** Draws that part, with nothing marked. */
  draw(context: CanvasRenderingContext2D, dpr: number, dark: boolean): void;
  /** Marks a cell over it; a row or a column where the other is -1. */
  mark(
    context: CanvasRenderingContext2D,
    dpr: number,
    dark: boolean,
    row: number,
    column: number,
  ): void;
  cellAt(x: number, y: number): { row: number; column: number } | undefined;
  free(): void;
}

interface CellView extends DrawnCells {
  /** Where a cell is in the whole picture. */
  place(row: number, column: number): { x: number; y: number; width: number; height: number };
  /** The whole picture as a document. */
  svg(dark: boolean, row: number, column: number): string;
}

declare module '*/pkg/headscope.js' {
  export default function init(options: {
    module_or_path: WebAssembly.Module;
  }): Promise<{ memory: WebAssembly.Memory }>;
  export function catalogue(): Catalogue;
  export function parse_link(hash: string): ReadLink;
  export function change(settings: Settings, patch: Patch): Change;
  /** The sizes of a model that are known before it is opened. */
  export function known_sizes(model: string): Sizes | null;
  /** The target after a rectangle of cells, from one (q, k) to another, was painted or wiped. */
  export function paint(target: string, n: number, from: Int32Array, to: Int32Array): string;
  export function parse_words(csv: string): ReadWords;
  /** The table that the page comes with, as CSV. */
  export function notebook_words(): string;
  export function format_csv(rows: string[][]): string;
  /** The fields of one line, white space around them left out. */
  export function split_csv_line(line: string): string[];

  interface Look {
    scale: string;
    max: string;
    colors: string;
    bos: string;
  }

  export function pattern_view(
    options: {
      pattern: Float32Array;
      relations: Uint8Array;
      tokens: TokenLabel[];
      target: string;
    } & Look,
  ): CellView;
  export function head_map_view(options: {
    n_layer: number;
    n_head: number;
    scores: (number | null)[];
    chance: number | null;
    higher_is_more: boolean;
    best: [number, number] | null;
    shown: [number, number] | null;
  }): CellView;
  export function thumbnails_view(
    options: {
      cells: Float32Array;
      side: number;
      names: string[];
      columns: number | null;
      shown: number | null;
    } & Look,
  ): CellView;

  export class PoolWorker {
    keep(name: string, shape: string, numbers: Float32Array): void;
    work(job: string, x: Float32Array): Float32Array;
  }

  export class Engine {
    constructor(base: string, build: string, workers: import('./engine/pool.js').WorkerPool);
    request(
      request: EngineRequest,
      files: File[],
      onProgress: (progress: Progress) => void,
      signal: AbortSignal,
    ): Promise<unknown>;
  }
}
