// What the page's thread, the worker and the threads beside it say to one another.

/** The names of the requests. */
type RequestName = EngineRequest extends infer R ? (R extends unknown ? keyof R : never) : never;

/** What a request takes. */
type RequestOf<R extends RequestName> = R extends unknown
  ? Extract<EngineRequest, Record<R, unknown>>[R]
  : never;

/** What it is answered with. Of a tool's, the page knows which it asked for. */
type AnswerTo<R extends RequestName> = R extends keyof Answers
  ? Answers[R]
  : ToolResults[keyof ToolResults];

interface EngineOptions {
  module: WebAssembly.Module;
  /** Address of the site's folder. */
  base: string;
  /** Names the build of the site. */
  build: string;
  /** How many threads share the work at a model. */
  threads: number;
  /** The lock that the worker holds while it lives. */
  life: string;
}

/** To and from a worker beside the computing one. */
type ToPoolWorker =
  | { init: { module: WebAssembly.Module; life: string } }
  | { give: { name: string; shape: string; numbers: Float32Array } }
  | { ask: { id: number; job: string; x: Float32Array } };

type FromPoolWorker = { ready: true } | { id: number; numbers: Float32Array } | { failed: string };

type ToWorker =
  | { init: EngineOptions }
  | { id: number; request: EngineRequest; files: File[] }
  | { cancel: number }
  | { ping: true };

type FromWorker =
  | { ready: true }
  | { pong: true }
  /** Why the worker is of no more use. */
  | { broken: string }
  /** What became of the threads, for the visitor. */
  | { note: string }
  /** With the bytes of the worker's memory. */
  | { id: number; result: unknown; memory: number }
  | { id: number; problem: Problem | Cancelled; memory: number }
  | { id: number; progress: Progress };
