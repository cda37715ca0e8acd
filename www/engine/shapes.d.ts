// What crosses the border to the Rust side. `make types` writes it from the types there.

type Tool = "pins" | "thumbnails" | "categories" | "contrasts" | "seeds" | "text" | "continuation" | "check" | "circuits" | "lens" | "attribution" | "output";

type Step = "head" | "scores" | "ablations" | "pins" | "thumbnails" | "categories" | "contrasts" | "seeds" | "text" | "continuation" | "check" | "circuits" | "lens" | "attribution" | "output";

type Outcome = "draw" | "prompts" | "pattern" | "head" | "scores" | "ablations" | "costs" | "pins" | "thumbnails" | "categories" | "contrasts" | "seeds" | "text" | "continuation" | "check" | "circuits" | "lens" | "attribution" | "output";

/** An effect as the page shows it. */
type AblationRow = {
  /** What was ablated, joined by `+`. */
  component: string,
  /** By what it was replaced, joined by `+`. */
  kind: string,
  /** The components in words. */
  label: string,
  /** Numbers of the scored prompts. */
  sequences: Array<number>,
  /** Their scores without the ablation. */
  baseline: Array<number>,
  /** And with it. */
  ablated: Array<number>,
  /** Mean of the scores without it. */
  mean_baseline: number,
  /** And with it. */
  mean_ablated: number,
  /** Mean of the differences. */
  effect: number,
  /** Their standard deviation; nothing for one prompt, as the interval. */
  sd: number | null,
  /** Bootstrap 95 % interval of their mean. */
  ci: [number, number] | null,
  /** Where the attention goes without the ablation. */
  shares_before: AttentionBreakdown,
  /** And with it. */
  shares_after: AttentionBreakdown;
};

/** The ablations of the shown head. */
type Ablations = {
  /** The head. */
  head: string,
  /** What was measured. */
  metric: string,
  /** Attention on what. */
  target: string,
  /** The chance level. */
  chance: number | null,
  /** Whether a higher score means more attention. */
  higher_is_more: boolean,
  /** What was put in place of what was ablated. */
  kind: string,
  /** The second kind, beside the first. */
  against: string | null,
  /** How many prompts were scored. */
  n: number,
  /** One for each ablation. */
  rows: Array<AblationRow>,
  /** Their p-values, each by a sign-flip test, after Holm's correction for all of them. */
  adjusted: Array<number>;
};

/** What is said of a kind wherever it is named. */
type AboutKind = {
  /** In links and files. */
  name: string,
  /** Where it is chosen. */
  label: string,
  /** Within a sentence. */
  words: string,
  /** What it comes to, in a sentence. */
  hint: string;
};

/** What is said of a metric wherever it is named. */
type AboutMetric = {
  /** In links and files. */
  name: string,
  /** Where it is chosen. */
  label: string,
  /** Within a sentence. */
  words: string,
  /** What it comes to, in a sentence. */
  hint: string,
  /** On one line, with A(q, k) for the attention of token q to token k, T for the target's cells and T(q) for those of row q. */
  formula: string,
  /** Whether a higher score means more attention. */
  higher_is_more: boolean;
};

/** A setting. */
type AboutSetting = {
  /** In links and files. */
  key: keyof Settings,
  /** In links, where it is packed. */
  packed: string | null,
  /** The least of a number, of a list's length or of a text's bytes. */
  least: number | null,
  /** The most of the same. */
  most: number | null;
};

/** What is said of a target wherever it is named. */
type AboutTarget = {
  /** In links and files. Of a pair of rows it is followed by their numbers, of cells by those. */
  name: string,
  /** Where it is chosen. */
  label: string,
  /** As the end of "attention to …". */
  words: string;
};

/** What each request is answered with; a tool's are in [`ToolResults`]. */
type Answers = { prompts: PromptSet, estimate: Estimate, load: ModelInfo, pattern: PatternResult, scores: HeadScores, loaded_scores: PartialScores, ablations: Ablations, pick_file: null, use_threads: null, storage: Stored, clear_storage: null, export_json: string, export_csv: string, import_results: ImportedResults, word_tokens: Array<WordTokens>;
};

/** What the model is held against. */
type AskCheck = {
  /** Those in force. */
  settings: Settings,
  /** The published figures, as the text of a JSON file. */
  figures: string;
};

/** A cell of the shown prompt whose score is to be cut into parts. */
type AskCircuits = {
  /** Those in force. */
  settings: Settings,
  /** (destination, source); without one, the strongest cell of the target. */
  cell: [number, number] | null,
  /** Whether the forms of all heads whose weights are here are wanted, which take a third of a second each. */
  all_heads: boolean,
  /** Whether what the head writes is wanted, which a study does not load for its own layer. */
  direct: boolean,
  /** Whether the parts of the scores of all cells of the target are wanted, over the kept prompts. */
  mean: boolean;
};

/** Prompts of one name, to be put beside those of another. */
type AskCondition = {
  /** Its name. */
  name: string,
  /** What draws them. */
  settings: Settings;
};

/** How the text is to go on. What is left out has its default. */
type AskContinuation = {
  /** Those in force. */
  settings: Settings,
  /** How many tokens are added. */
  tokens: number | null,
  /** Seed of the sampler. */
  seed: number | null,
  /** 0 for the likeliest token each time. */
  temperature: number | null,
  /** How much of the probability the likeliest tokens have together. */
  top_p: number | null,
  /** Whether the settings' components are missing. */
  ablated: boolean;
};

/** Heads, and prompts by the settings that draw them. Heads that the model lacks are left out. */
type AskContrasts = {
  /** Those in force: they say what is measured, and of which model. */
  settings: Settings,
  /** The heads. */
  heads: Array<string>,
  /** The prompts. */
  conditions: Array<AskCondition>;
};

/** What a step or a tool would fetch. */
type AskCost = {
  /** Those in force. */
  settings: Settings,
  /** The step or the tool. */
  step: Step,
  /** The published figures that the model is to be held against, if it is to be. */
  figures?: string;
};

/** What shows other heads on the shown prompt. */
type AskPrompt = {
  /** Those in force. */
  settings: Settings,
  /** Whether layers that are missing are loaded; they are left out otherwise. */
  fetch: boolean,
  /** Another prompt, of which patterns come in full. */
  prompt?: number;
};

/** A request for a tool, under its name. */
type AskTool = { "pins": AskPrompt } | { "thumbnails": AskPrompt } | { "categories": Study } | { "contrasts": AskContrasts } | { "seeds": Study } | { "text": Study } | { "continuation": AskContinuation } | { "check": AskCheck } | { "circuits": AskCircuits } | { "lens": Study } | { "attribution": Study } | { "output": Study };

/** Where a head's attention goes, by relation; the five sum to 1. */
type AttentionBreakdown = {
  /** Earlier, different words of the same category. */
  same_category: number,
  /** Earlier copies of the word. */
  same_word: number,
  /** The word itself. */
  self: number,
  /** Beginning-of-text. */
  bos: number,
  /** Everything else. */
  other: number;
};

/** A logit, or a difference of two, by component. */
type Attribution = {
  /** The number of the prompt. */
  prompt: number,
  /** Where in it the token is predicted. */
  position: number,
  /** The token's id. */
  token: number,
  /** The other's; null for the mean over the vocabulary. */
  against: number | null,
  /** The first as it is shown. */
  token_text: string,
  /** And the other. */
  against_text: string | null,
  /** Of the residual stream after the last layer; the unembedding's bias is the last. */
  components: Array<string>,
  /** What each adds. */
  parts: Array<number>,
  /** Their sum. */
  difference: number;
};

/** A head and its score. */
type Best = {
  /** Its layer. */
  layer: number,
  /** Its place in the layer. */
  head: number,
  /** Its mean score. */
  score: number;
};

/** Bytes of weights that were read. */
type Bytes = {
  /** From the network. */
  network: number,
  /** From this browser's cache. */
  cache: number;
};

/** Everything in one object, for the page to ask for once. */
type Catalogue = {
  /** What a score may be. */
  metrics: Array<AboutMetric>,
  /** What ablations may put in an activation's place, the notebook's preset first. */
  kinds: Array<AboutKind>,
  /** Attention on what, whatever the word table. */
  targets: Array<AboutTarget>,
  /** Attention from one row of the word table to another, whose numbers follow the name, as in `pair-0-4`. */
  pair: AboutTarget,
  /** Cells painted on the shown prompt; in links their numbers follow, as in `cells-q5k1_3`. */
  cells: AboutTarget,
  /** What a source may be to a destination, each in the place of its code. */
  relations: Array<Named>,
  /** The parts of a head's attention, in the order in which they are stacked. */
  breakdown: { name: keyof AttentionBreakdown, label: string }[],
  /** What goes beyond the three steps. */
  tools: Tool[],
  /** The settings, in the order in which links carry them. */
  settings: Array<AboutSetting>,
  /** What they are in a link that names none. */
  defaults: Settings,
  /** Metrics and ablations that belong together. */
  presets: Presets;
};

/** Category by category attention of one head over the kept prompts. */
type Categories = {
  /** The head. */
  head: string,
  /** How many prompts were pooled. */
  n: number,
  /** What it does. */
  attention: CategoryMatrix,
  /** What uniform attention would. */
  chance: CategoryMatrix;
};

/** What a matrix of words holds of one category, as the query's. */
type CategoryContrast = {
  /** Row of the word table. */
  category: number,
  /** How many words it has here. */
  words: number,
  /** Mean of a word with itself. */
  diagonal: number,
  /** Mean of a word with another of its category; `None` if it has one word only. */
  inside: number | null,
  /** Mean of a word with one of another category; `None` if there is none. */
  outside: number | null,
  /** `diagonal` − `inside`: below 0, a word alone keeps the head off itself. */
  self_minus_category: number | null,
  /** Standard deviation of that over the category's words; `None` for fewer than two. */
  spread: number | null;
};

/** Category by category attention of one head. */
type CategoryMatrix = {
  /** Rows of the word table that occur in the prompts, ascending. */
  categories: Array<number>,
  /** One for each of them. */
  rows: Array<FromCategory>;
};

/** What a change comes to. */
type Change = {
  /** The settings after it. */
  settings: Settings,
  /** What could not be. Of a key that was to be changed: its value is refused, and the one before stays in force. Of another key: it had to follow the change. */
  problems: Array<SettingProblem>,
  /** The text after `#` for the settings. */
  link: string,
  /** What is untrue now, each with the change that made it so, as a clause. */
  stale: Partial<Record<Outcome, string>>;
};

/** How far it is on one prompt. A distance is null where the shapes do not fit. */
type CheckedPrompt = {
  /** The text. */
  prompt: string,
  /** Whether the tokenizer gives the same ids. */
  same_ids: boolean,
  /** Whether the likeliest next tokens are the same, in the same order. */
  same_top: boolean,
  /** Of their logits. */
  logits: number | null,
  /** Of the attention of the last token. */
  attention: number | null,
  /** How many figures of attention those are. */
  attention_figures: number,
  /** Of a head's whole pattern. */
  pattern: number | null;
};

/** All of it. */
type Circuits = {
  /** The head. */
  head: string,
  /** What the negative eigenvalues of S are multiplied by; 1 is the model. */
  alpha: number,
  /** The head's own form. */
  form: Form,
  /** Those of all heads whose weights are here, or of the shown one alone. */
  forms: { [key in string]: Form },
  /** The table's words, each alone after beginning-of-text; nothing where no word is one token, or there are too many. */
  words: Words | null,
  /** The head on the kept prompts under `alpha`. */
  steered: SteeredScores,
  /** And as the model has it. */
  unsteered: SteeredScores,
  /** The parts of one score; nothing where the shown prompt has no cell of the target. */
  score_parts: Parts | null,
  /** The mean parts over all cells of the target, where they were asked for. */
  mean_parts: MeanParts | null;
};

/** Several heads on prompts of one name. */
type Condition = {
  /** The name. */
  name: string,
  /** How many prompts were kept. */
  prompts: number,
  /** One for each head. */
  heads: Array<HeadContrast>;
};

/** How a text went on. */
type Continuation = {
  /** What was added. */
  text: string,
  /** Its tokens. */
  tokens: Array<string>,
  /** Their ids. */
  token_ids: Array<number>,
  /** What was missing, joined by `+`. */
  components: string,
  /** Seed of the sampler. */
  seed: number,
  /** Its temperature. */
  temperature: number,
  /** Its share of the probability. */
  top_p: number;
};

/** Several heads on several sets of prompts. */
type Contrasts = {
  /** What was measured. */
  metric: string,
  /** Attention on what. */
  target: string,
  /** One for each set of prompts. */
  conditions: Array<Condition>;
};

/** All that the page can ask for. */
type EngineRequest = { "prompts": Study } | { "estimate": AskCost } | { "load": Study } | { "pattern": Study } | { "scores": Study } | { "loaded_scores": Study } | { "ablations": Study } | { "tool": AskTool } | { "pick_file": PickedFiles } | { "use_threads": number } | { "storage": null } | { "clear_storage": null } | { "export_json": Settings | null } | { "export_csv": Settings | null } | { "import_results": string } | { "word_tokens": Array<string> };

/** What something would fetch. */
type Estimate = {
  /** Where from. */
  host: string,
  /** From the network; null where the model's sizes are not known yet. */
  bytes: number | null,
  /** Of this browser's cache. */
  cached: number | null,
  /** Whether the sizes are known. */
  known: boolean,
  /** What was read of the open model until now. */
  read: Bytes;
};

/** QK and OV form of a head. */
type Form = {
  /** Of M = W_Q W_Kᵀ. */
  trace: number,
  /** How many of the d_head largest eigenvalues of S by size are negative. */
  negative_of_d_head_largest: number,
  /** The largest eigenvalues of S by size. */
  largest_by_size: Array<number>,
  /** Largest singular value of S. */
  max_singular_symmetric: number,
  /** Largest singular value of K. */
  max_singular_skew: number,
  /** ‖S‖²/‖M‖². */
  symmetric_share: number,
  /** Σ Re λ / Σ |λ| of W_V W_O; null where W_O is not loaded. */
  ov_copying: number | null,
  /** Σ λ of the same. */
  ov_trace: number | null,
  /** All eigenvalues of S that need not be zero, the largest by size first; of the shown head alone, and absent of others. */
  eigenvalues: Array<number> | null,
  /** Width of the head. */
  d_head: number,
  /** Whether 2 d_head < d_model: what chance gives holds only then. */
  is_low_rank: boolean;
};

/** What the words of one category attend to: means over all of its words in all prompts, beginning-of-text's own row aside. `mass`, `same_word`, `itself`, `bos` and `no_category` of a row sum to 1. */
type FromCategory = {
  /** Row of the word table. */
  category: number,
  /** How many words of it there are, as destinations. */
  destinations: number,
  /** By category of the source, as in [`CategoryMatrix::categories`]: the attention summed on earlier, different words of it. A word that comes before all of them counts 0. */
  mass: Array<number>,
  /** By category of the source: mean attention over single cells; `None` where no word of this category has an earlier one of that. */
  cell_mean: Array<number | null>,
  /** How many cells that is the mean of. */
  cells: Array<number>,
  /** Attention on earlier copies of the word. */
  same_word: number,
  /** On the word itself. */
  self: number,
  /** On beginning-of-text. */
  bos: number,
  /** On words of no category. */
  no_category: number;
};

/** One head on them. */
type HeadContrast = {
  /** The head. */
  head: string,
  /** How many prompts were scored. */
  n: number,
  /** The mean score; nothing where there is nothing to score. */
  score: number | null,
  /** Its standard deviation. */
  sd: number | null,
  /** The chance level. */
  chance: number | null,
  /** Where its attention goes. */
  shares: AttentionBreakdown;
};

/** What is said of a head beside its pattern. */
type HeadFacts = {
  /** The head. */
  head: string,
  /** Its score on the prompt. */
  score: number | null,
  /** Where its attention goes. */
  shares: AttentionBreakdown;
};

/** Scores of all heads, the best one and the shown one's rank among them. */
type HeadScores = {
  /** What was measured. */
  metric: string,
  /** Attention on what. */
  target: string,
  /** The chance level. */
  chance: number | null,
  /** Whether a higher score means more attention. */
  higher_is_more: boolean,
  /** Mean over the prompts, (layer, head). */
  mean: (number | null)[][],
  /** Their standard deviation; nothing for one prompt. */
  sd: Array<Array<number | null>>,
  /** (layer, head) by the number of the prompt. */
  per_prompt: Record<string, (number | null)[][]>,
  /** The head with the most of the target. */
  best: Best,
  /** The place of the shown head; nothing of one that the model lacks. */
  rank_of_shown: number | null,
  /** How many prompts were scored. */
  n: number,
  /** Those that could not be. */
  skipped: Array<Skipped>;
};

/** What a results file says of the model that computed it. */
type ImportedModel = {
  /** As in the link. */
  id: string,
  /** Layers. */
  n_layer: number,
  /** Heads of each. */
  n_head: number;
};

/** A results file, as the page shows it. */
type ImportedResults = {
  /** Which build of the page computed it. */
  build: string,
  /** With which model, if with any. */
  model: ImportedModel | null,
  /** Under which settings. */
  settings: Settings,
  /** Their prompts. */
  prompt_set: PromptSet,
  /** The shown head's pattern. It goes to the page with its arrays. */
  pattern: PatternResult | null,
  /** The scores of all heads. */
  scores: HeadScores | null,
  /** The ablations. */
  ablations: Ablations | null,
  /** What the tools found, by their names. */
  further: Partial<ToolResults>;
};

/** What one layer says. */
type Layer = {
  /** Log-probability of each token but the first, in nats. */
  next_token_logprob: Array<number>,
  /** Entropy of the next token at each position, in nats. */
  entropy: Array<number>,
  /** The likeliest next tokens at each position, the likeliest first. */
  top: Array<Array<NextToken>>;
};

/** A target in place of one that the shown prompt is too short for. */
type LeftOfTarget = {
  /** Its cells within the prompt; the study's if there are none. */
  target: string,
  /** What is to be said of the others. */
  problem: SettingProblem;
};

/** A text, read after every layer. */
type Lens = {
  /** The number of the prompt. */
  prompt: number,
  /** The text. */
  text: string,
  /** Its tokens. */
  tokens: Array<string>,
  /** Their ids. */
  token_ids: Array<number>,
  /** The layers in their order, which an object has none of. */
  order: Array<string>,
  /** By their names: `embed` before layer 0, `L0` after it, and so on. */
  layers: { [key in string]: Layer };
};

/** The mean score of some cells by the components at both ends. */
type MeanParts = {
  /** How many cells. */
  cells: number,
  /** Of the residual stream before the head; biases last. */
  components: Array<string>,
  /** The layer of each, where it has one. */
  layers: Array<number | null>,
  /** (component of the query, component of the key) */
  parts: Array<Array<number>>,
  /** Their sum. */
  score: number;
};

/** An open model. */
type ModelInfo = {
  /** As in the link. */
  id: string,
  /** As people call it. */
  name: string,
  /** Layers. */
  n_layer: number,
  /** Heads of each. */
  n_head: number,
  /** Width of the residual stream. */
  d_model: number,
  /** Most tokens of a prompt. */
  n_ctx: number,
  /** Rows of the embedding. */
  n_vocab: number,
  /** Bytes of its weights. */
  file_bytes: number,
  /** The head that is shown: another than was asked for, if the model lacks that. */
  head: string,
  /** What of the settings could not be. */
  problems: Array<SettingProblem>,
  /** What the visitor should know of it. */
  note: string,
  /** The prompts as the model's own tokenizer reads them; null for GPT-2's. */
  prompt_set: PromptSet | null,
  /** What the visitor should know of what is stored. */
  storage_note: string | null;
};

/** Something with a name in files and one for people. */
type Named = {
  /** In files. */
  name: string,
  /** On the page. */
  label: string;
};

/** A token that may come next. */
type NextToken = {
  /** Its id. */
  id: number,
  /** As it is shown. */
  text: string,
  /** How likely it is. */
  probability: number;
};

/** What the page offers in one click. */
type Offer = "tiny" | "retry" | "disk" | "address" | "svg";

/** The output without one component. */
type OutputRow = {
  /** What was ablated; `none` in the first row. */
  component: string,
  /** By what it was replaced. */
  kind: string,
  /** Mean loss of the next token, in nats. */
  loss: number,
  /** KL(un-ablated ‖ ablated) of the next token, mean over the positions, in nats. */
  kl: number,
  /** The same at the last position. */
  kl_last: number,
  /** The logit difference of the attribution. */
  logit_difference: number | null;
};

/** What is known of the scores already: the heads of finished layers. */
type PartialScores = {
  /** (layer, head). */
  mean: Array<Array<number>>,
  /** The chance level. */
  chance: number;
};

/** One score by the components at both ends. */
type Parts = {
  /** The number of the prompt. */
  prompt: number,
  /** The destination. */
  query: number,
  /** The source. */
  key: number,
  /** Of the residual stream before the head; biases last. */
  components: Array<string>,
  /** The layer of each, where it has one. */
  layers: Array<number | null>,
  /** (component of the query, component of the key) */
  parts: Array<Array<number>>,
  /** Their sum. */
  score: number;
};

/** The shown head's pattern on the shown prompt. Its numbers go to the page as arrays. */
type PatternResult = {
  /** The head. */
  head: string,
  /** The prompt. */
  prompt: number,
  /** How many tokens it has. */
  n: number,
  /** They themselves. */
  tokens: Array<string>,
  /** The head's score there. A dropped prompt is part of no score. */
  score: number | null,
  /** The chance level there. */
  chance: number | null,
  /** Where its attention goes. */
  shares: AttentionBreakdown,
  /** Whether any prompt has what heads are scored for. */
  scorable: boolean,
  /** (destination, source) row-major. */
  pattern: Float32Array,
  /** What each source is to each destination: a place in the catalogue's list. */
  relations: Uint8Array;
};

/** A pause that a host asked for. */
type Pause = {
  /** The host. */
  host: string,
  /** How many seconds are left of it. */
  seconds: number;
};

/** Which of the files beside the request is what: the weights come first, one file or several of one model, then the config, then the tokenizer's files. */
type PickedFiles = {
  /** How many files of weights there are. */
  weights: number,
  /** Whether there is a config. Without one the sizes are read off the shapes. */
  config: boolean;
};

/** Patterns of the pinned heads on the shown prompt, one after the other. */
type Pins = {
  /** The number of the prompt. */
  prompt: number,
  /** The heads, those left out that the model lacks. */
  heads: Array<HeadFacts>,
  /** Heads of layers that are not loaded. */
  missing: Array<string>,
  /** (head, destination, source). */
  patterns: Float32Array;
};

/** How one study measured and ablated. */
type Preset = {
  /** Its metric. */
  metric: string,
  /** Its ablations. */
  kind: string;
};

/** How earlier studies measured and ablated. */
type Presets = {
  /** L. Gott's notebook. */
  notebook: Preset,
  /** M. Migliarini's post. */
  post: Preset;
};

/** What happened, what was kept and what to do. */
type Problem = {
  /** What happened. */
  what: string,
  /** What was kept. */
  kept: string,
  /** What to do. */
  next: string,
  /** What the page offers in one click, the likeliest first. */
  offers: Array<Offer>,
  /** The setting at fault, under the link's name. */
  key: string | null,
  /** Set where the model's file is another than before, so that what was computed of it is of another model; absent otherwise. */
  changed?: boolean,
  /** Set where nothing is wrong and the visitor cancelled; absent otherwise. */
  cancelled?: boolean;
};

/** How far a request is. */
type Progress = {
  /** What is done now. */
  stage: string,
  /** How much of it is done. */
  done: number,
  /** Of how much. */
  total: number,
  /** What both count. */
  unit: Unit,
  /** Bytes from the network so far. */
  network: number,
  /** Bytes from the cache so far. */
  cache: number,
  /** What is known of the result already. */
  partial: PartialScores | null,
  /** Who asked for a pause, and how long it lasts still. */
  pause: Pause | null;
};

/** One prompt. */
type Prompt = {
  /** Its number, from 0, as drawn. */
  sequence: number,
  /** Its words. */
  words: Array<string>,
  /** Their rows of the word table; -1 for none. */
  categories: Array<number>,
  /** Its tokens as they are shown. */
  tokens: Array<string>,
  /** For each token the word it belongs to; beginning-of-text has none. */
  word_of: Array<number | null>,
  /** Beginning-of-text first. */
  token_ids: Array<number>,
  /** The words that became several tokens. */
  splits: Array<Split>,
  /** Whether it is scored. */
  kept: boolean,
  /** Why it is not. */
  reason: string | null,
  /** How many pairs of its words are of the same category. */
  targets: number;
};

/** All prompts, token by token. */
type PromptSet = {
  /** In the order of the draw. */
  prompts: Array<Prompt>,
  /** A label for each row of the word table. */
  categories: Array<string>,
  /** Numbers of those that are scored. */
  kept: Array<number>,
  /** What is left of painted cells some of which lie beyond the shown prompt. */
  target: LeftOfTarget | null;
};

/** A link's text, read. */
type ReadLink = {
  /** What it asks for. */
  settings: Settings,
  /** What of it could not be used. */
  problems: Array<SettingProblem>,
  /** The same text as the page writes it. */
  link: string,
  /** Whether it holds none of a link's keys, and so is no link to a study. */
  empty: boolean;
};

/** A word table, read. */
type ReadWords = {
  /** Its words. */
  rows: Array<Array<string>>,
  /** What its rows are called; null for one without a name. */
  names: Array<string | null>,
  /** The table as links and files hold it. */
  csv: string;
};

/** What the model makes of a text. */
type Reading = {
  /** The loss of each token but the first, in nats. */
  losses: Array<number>,
  /** What comes next, the likeliest first. */
  next: Array<NextToken>,
  /** The same at each position, some fewer of them; nothing in files of 0.2.0 and before. */
  next_at: Array<Array<NextToken>> | null;
};

/** What one seed gives. */
type SeedResult = {
  /** The seed. */
  seed: number,
  /** How many prompts were scored. */
  prompts: number,
  /** The head's mean score. */
  score: number,
  /** The chance level. */
  chance: number,
  /** The head's place among all heads, from 1. */
  rank: number,
  /** The head in the first place. */
  best: string,
  /** Whether the head comes first, and beyond chance. */
  holds: boolean,
  /** The notebook preset on the head. */
  effects: Array<AblationRow>;
};

/** The study of one head, seed by seed. */
type Seeds = {
  /** The head. */
  head: string,
  /** What was measured. */
  metric: string,
  /** Attention on what. */
  target: string,
  /** Whether a higher score means more attention. */
  higher_is_more: boolean,
  /** How many heads the model has. */
  heads: number,
  /** How many seeds were asked for. */
  asked: number,
  /** Those that drew a prompt that can be scored. */
  seeds: Array<SeedResult>;
};

/** How far a model is from what is published. */
type SelfCheck = {
  /** As in the link. */
  model: string,
  /** One for each prompt. */
  prompts: Array<CheckedPrompt>;
};

/** A value that cannot be used, and why. */
type SettingProblem = {
  /** The setting, under the link's name. */
  key: string,
  /** The value as given. */
  value: string,
  /** What is wrong with it, as a sentence. */
  message: string,
  /** What is used in its place, or stays in force, as a sentence. */
  consequence: string;
};

type Settings = {
  model: string,
  seed: number,
  n: number,
  len: number,
  cats: number,
  repeat: number,
  words: string | null,
  text: string | null,
  head: string,
  prompt: number,
  metric: string,
  kind: string,
  target: string,
  over: "kept" | "prompt",
  ablate: string | null,
  against: string | null,
  seeds: string,
  pins: string | null,
  alpha: number,
  logit: string | null,
  view: string | null,
  run: string | null,
  embed: string | null;
};

/** Whether what categories differ in would be found of any grouping of the words. */
type ShuffleTest = {
  /** Mean over the words of: the word with itself less its category's mean. */
  self_minus_category: number,
  /** Share of shuffles in which that lies as far from the shuffles' mean, or farther. */
  self_minus_category_p: number,
  /** Its mean over the shuffles: what chance gives. */
  self_minus_category_chance: number,
  /** Mean over the words of: its category's mean less the mean of the others. */
  inside_minus_outside: number,
  /** As above. */
  inside_minus_outside_p: number,
  /** As above. */
  inside_minus_outside_chance: number,
  /** How many shuffles. */
  shuffles: number;
};

/** Sizes of a model. */
type Sizes = {
  /** Layers. */
  n_layer: number,
  /** Heads of each. */
  n_head: number;
};

/** A prompt without a score. */
type Skipped = {
  /** Its number. */
  sequence: number,
  /** Why it has none, as a clause. */
  reason: string;
};

/** A word that became several tokens. */
type Split = {
  /** The word. */
  word: string,
  /** Its tokens. */
  tokens: Array<string>;
};

/** The head under `alpha`, by the number of the prompt. */
type SteeredScores = {
  /** As above. */
  alpha: number,
  /** Mean attention over the cells of the target; null without such a cell. */
  cell_mean: { [key in number]: number | null },
  /** Attention of words to themselves. */
  self_share: { [key in number]: number };
};

/** What is kept on this device, and what the browser grants. */
type Stored = {
  /** Of weights. */
  bytes: number,
  /** What the browser grants this site, in bytes, if it says so. */
  granted: number | null,
  /** What the visitor should know of it. */
  note: string | null;
};

/** What takes no more than the settings. */
type Study = {
  /** Those in force. */
  settings: Settings;
};

/** A text, read as it is and without some components. */
type TextReading = {
  /** The number of the prompt. */
  prompt: number,
  /** Its tokens. */
  tokens: Array<string>,
  /** Their ids. */
  token_ids: Array<number>,
  /** As it is. */
  before: Reading,
  /** Without the components, if there are any. */
  after: Reading | null,
  /** Those, joined by `+`. */
  components: string,
  /** The same in words. */
  label: string,
  /** By what they were replaced, joined by `+`. */
  kinds: string;
};

/** Patterns of every head of the loaded layers. */
type ThumbnailSheet = {
  /** The number of the prompt. */
  prompt: number,
  /** How many tokens it has. */
  n: number,
  /** Rows and columns of each picture. */
  side: number,
  /** Layers of the model. */
  n_layer: number,
  /** Heads of each. */
  n_head: number,
  /** The heads, layer by layer. */
  heads: Array<HeadFacts>,
  /** (head, row, column). */
  cells: Float32Array;
};

/** What each of them finds. */
type ToolResults = { pins: Pins, thumbnails: ThumbnailSheet, categories: Categories, contrasts: Contrasts, seeds: Seeds, text: TextReading, continuation: Continuation, check: SelfCheck, circuits: Circuits, lens: Lens, attribution: Attribution, output: Array<OutputRow>;
};

/** What progress is counted in. */
type Unit = "bytes" | "prompts" | "runs" | "seeds" | "tokens";

/** The tokens of one word, within a prompt and at its start. */
type WordTokens = {
  /** After a space. */
  after_space: Array<string>,
  /** Without one. */
  at_start: Array<string>;
};

/** Words against words; matrices are (query word, key word). */
type Words = {
  /** In the order of the table. */
  words: Array<string>,
  /** The row of the table of each. */
  categories: Array<number>,
  /** q·k with biases over √d_head, of the model. */
  qk: Array<Array<number>>,
  /** The same under `alpha`. */
  qk_steered: Array<Array<number>>,
  /** Of S alone. */
  qk_symmetric: Array<Array<number>>,
  /** Of K alone. */
  qk_skew: Array<Array<number>>,
  /** (word attended to, word whose logit moves); null where a weight is not loaded. */
  ov_direct: Array<Array<number>> | null,
  /** What `qk_steered` holds by category of the query. */
  contrasts: Array<CategoryContrast>,
  /** Whether any grouping of the words would show the same; null where there is nothing to group. */
  shuffled: ShuffleTest | null;
};
