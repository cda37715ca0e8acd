# %% [markdown]
# # A Headscope study, once more in TransformerLens
#
# The page that saved this notebook computed everything in the browser. Here the same is
# done with numpy, pandas and TransformerLens: the prompts are drawn by the seed, the
# model is loaded, the patterns, the scores of all heads and the ablations are computed,
# and the last cell prints the largest difference from the page's numbers.

# %%
# With these versions the notebook was tried; torch may be any that they accept.
# %pip install --quiet transformer_lens==2.11.0 transformers==4.49.0 datasets==3.6.0 huggingface_hub==0.36.2 pandas==3.1.1 matplotlib==3.11.2

# %% [markdown]
# ## What the page had
#
# `PAGE` is the page's results file, `ROWS` are the rows of its word table. If the model
# lies on your disk, put the folder that holds its `config.json` and `model.safetensors`
# into `FOLDER` (or into the environment's `HEADSCOPE_MODEL`).

# %%
import json
import os
import re

LINK = json.loads(r'''@LINK@''')
SETTINGS = json.loads(r'''@SETTINGS@''')
ROWS = json.loads(r'''@ROWS@''')
FOLDER = os.environ.get("HEADSCOPE_MODEL")

print(LINK)

# %%
PAGE = json.loads(r'''@RESULTS@''')

# %% [markdown]
# ## Prompts
#
# For each sequence some rows of the word table are drawn without replacement; then for
# each position one of those rows, and one word of that row. All of it comes from one
# stream of numpy's `RandomState`. A text of one's own is not drawn: its tokens are its
# words.

# %%
import numpy as np
import pandas as pd


def draw(rows, seed, n, length, categories):
    """Sequences of words, and the row of the word table of each word."""
    stream = np.random.RandomState(seed)
    table = pd.DataFrame(rows, dtype=object)  # shorter rows end in None
    sequences = []
    for _ in range(n):
        chosen = table.sample(categories, random_state=stream)
        words, words_rows = [], []
        for _ in range(length):
            row = chosen.sample(1, random_state=stream).index[0]
            word = table.loc[row].dropna().sample(1, random_state=stream).iloc[0]
            words.append(word)
            words_rows.append(int(row))
        sequences.append((words, words_rows))
    return sequences


prompts = PAGE["prompts"]
if SETTINGS["text"] is None:
    drawn = draw(ROWS, SETTINGS["seed"], SETTINGS["n"], SETTINGS["len"], SETTINGS["cats"])
    copies = SETTINGS.get("repeat", 1)
    drawn = [(words * copies, rows * copies) for words, rows in drawn]
    assert drawn == [(p["words"], p["categories"]) for p in prompts], "other prompts are drawn here"
    print(f"Seed {SETTINGS['seed']} draws the page's {len(prompts)} prompts, word for word.")
else:
    print("The page shows a text; its tokens are checked below.")
kept = [p for p in prompts if p["kept"]]
print(f"{len(kept)} of {len(prompts)} are kept.")
assert kept, "no prompt is kept, so nothing can be computed"
shown = PAGE["patterns"]["prompt"] if PAGE["patterns"] else kept[0]["sequence"]

# %% [markdown]
# ## The model
#
# The published weights, read as float32 and processed as TransformerLens does by default
# (layer norms and value biases folded, writing weights centred).

# %%
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import HTTPError
from urllib.request import urlopen

import torch
from huggingface_hub import snapshot_download
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
from transformers import GPT2Config, GPT2LMHeadModel

GPT2 = "openai-community/gpt2@607a30d783dfa663caf39e06633721c8d4cfcd7e"
TOKENIZER_FILES = ["tokenizer.json", "vocab.json", "merges.txt"]


def from_address(address):
    """The files of a model that a web server holds."""
    folder = Path(mkdtemp())

    def fetch(name, may_lack=False):
        try:
            with urlopen(f"{address.rstrip('/')}/{name}") as answer:
                (folder / name).write_bytes(answer.read())
        except HTTPError as error:
            if error.code != 404 or not may_lack:
                raise
        return folder / name

    fetch("config.json")
    for name in TOKENIZER_FILES:
        fetch(name, may_lack=True)
    index = fetch("model.safetensors.index.json", may_lack=True)
    if index.exists():
        for name in sorted(set(json.loads(index.read_text())["weight_map"].values())):
            fetch(Path(name).name)
    else:
        fetch("model.safetensors")
    return folder


def model_folder(model):
    """Where the files of the page's model lie here."""
    if FOLDER:
        return Path(FOLDER)
    if model == "file":
        raise SystemExit("The page ran a model from a disk: put its folder into FOLDER above.")
    if model == "tiny":
        site = LINK.split("#")[0].split("?")[0].rsplit("/", 1)[0]
        return from_address(f"{site}/data/tiny")
    if model.startswith(("http://", "https://")):
        return from_address(model)
    name, _, revision = (GPT2 if model == "gpt2" else model).partition("@")
    files = ["config.json", "model*.safetensors", "model.safetensors.index.json", *TOKENIZER_FILES]
    return Path(snapshot_download(name, revision=revision or None, allow_patterns=files))


def load(folder):
    """The GPT-2 of a folder, as a HookedTransformer."""
    sizes = GPT2Config.from_json_file(folder / "config.json")
    published = GPT2LMHeadModel(sizes)
    whole = folder / "model.safetensors"
    tensors = {}
    for file in [whole] if whole.exists() else sorted(folder.glob("model-*.safetensors")):
        for name, tensor in load_file(file).items():
            name = name.removeprefix("transformer.")
            if not name.endswith((".attn.bias", ".attn.masked_bias", "lm_head.weight")):
                tensors[name] = tensor.float()
    published.transformer.load_state_dict(tensors)
    config = HookedTransformerConfig(
        n_layers=sizes.n_layer,
        n_heads=sizes.n_head,
        d_model=sizes.n_embd,
        d_head=sizes.n_embd // sizes.n_head,
        d_mlp=sizes.n_inner or 4 * sizes.n_embd,
        n_ctx=sizes.n_positions,
        d_vocab=sizes.vocab_size,
        eps=sizes.layer_norm_epsilon,
        act_fn="gelu" if sizes.activation_function in ("gelu", "gelu_python") else "gelu_new",
        use_attn_scale=sizes.scale_attn_weights,
        scale_attn_by_inverse_layer_idx=sizes.scale_attn_by_inverse_layer_idx,
        normalization_type="LN",
        original_architecture="GPT2LMHeadModel",
        device="cpu",
    )
    model = HookedTransformer(config)
    state = convert_gpt2_weights(published, config)
    model.load_and_process_state_dict({name: tensor.clone() for name, tensor in state.items()})
    return model.eval()


torch.set_grad_enabled(False)
folder = model_folder(SETTINGS["model"])
model = load(folder)
n_layer, n_head = model.cfg.n_layers, model.cfg.n_heads
print(f"{n_layer} layers of {n_head} heads, {model.cfg.d_model} wide")

# %% [markdown]
# ## Tokens
#
# The page's token ids are checked against the model's own tokenizer, or GPT-2's.

# %%
from tokenizers import Tokenizer
from transformers import GPT2TokenizerFast


def tokenizer_of(folder):
    """What splits a text into token ids."""
    if (folder / "tokenizer.json").exists():
        own = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return lambda text: own.encode(text, add_special_tokens=False).ids
    if (folder / "vocab.json").exists():
        own = GPT2TokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    else:
        name, _, revision = GPT2.partition("@")
        own = GPT2TokenizerFast.from_pretrained(name, revision=revision)
    return lambda text: own.encode(text, add_special_tokens=False)


try:
    encode = tokenizer_of(folder)
except OSError:
    print("The token ids are the page's, unchecked: GPT-2's tokenizer could not be fetched.")
else:
    # Each line of a text is a prompt, but in the files of early versions, where a text is one.
    texts = [line for line in re.split(r"\r?\n", SETTINGS["text"] or "") if line.strip()]
    if len(texts) > 1 and len(prompts) == 1:
        texts = [SETTINGS["text"]]
    for prompt in prompts:
        text = texts[prompt["sequence"]] if texts else " ".join(prompt["words"])
        ids = encode(text)
        assert ids == prompt["token_ids"][1:], f"prompt {prompt['sequence']} has other tokens here"
    print(f"The token ids of all {len(prompts)} prompts are the page's.")

# Shorter prompts are filled up behind their end, which nothing of them sees.
lengths = [len(p["token_ids"]) for p in kept]
longest = max(lengths)
tokens = torch.tensor([p["token_ids"] + p["token_ids"][:1] * (longest - n) for p, n in zip(kept, lengths)])
real = torch.tensor([[i < n for i in range(longest)] for n in lengths])  # (prompt, position)

# %% [markdown]
# ## What is scored
#
# The relation of each word to each earlier one says which cells (destination, source) of
# a pattern are a target, and the metric makes one number of the attention on them.

# %%
SHARES = ["same_category", "same_word", "self", "bos", "other"]
METRIC, TARGET, HEAD = SETTINGS["metric"], SETTINGS["target"], SETTINGS["head"]
layer, head = map(int, HEAD[1:].split("H"))


def relation(prompt, q, k):
    """What source k is to destination q; beginning of text stands at 0."""
    words, rows = prompt["words"], prompt["categories"]
    if k == 0:
        return "bos"
    if k == q:
        return "self"
    if words[k - 1] == words[q - 1]:
        return "same_word"
    same_row = rows[q - 1] is not None and rows[q - 1] == rows[k - 1]
    return "same_category" if same_row else "other"


def is_target(prompt, q, k):
    found = relation(prompt, q, k)
    if TARGET in ("same-category", "same-word", "self"):
        return found == TARGET.replace("-", "_")
    if TARGET == "bos":
        return q > 0 and found == "bos"
    if TARGET == "previous":
        return q > 1 and k + 1 == q
    if TARGET == "induction":
        return 1 < k < q and relation(prompt, q, k - 1) == "same_word"
    if TARGET.startswith("cells-"):
        return prompt["sequence"] == shown and k in painted().get(q, [])
    if TARGET.startswith("pair-"):
        rows = prompt["categories"]
        pair = tuple(map(int, TARGET.split("-")[1:]))
        earlier = found in ("same_category", "other")
        return earlier and (rows[q - 1], rows[k - 1]) == pair
    raise ValueError(f"this notebook does not know the target {TARGET}")


def painted():
    """The sources of each destination of a target like cells-q5k1_3.q7k2-4."""
    cells = {}
    for term in TARGET.removeprefix("cells-").split("."):
        q, runs = term[1:].split("k")
        ends = [[int(end) for end in run.split("-")] for run in runs.split("_")]
        cells[int(q)] = [k for run in ends for k in range(run[0], run[-1] + 1)]
    return cells


def cells_of(prompt):
    """The target's cells, and those of each share of attention, as masks (q, k)."""
    n = len(prompt["token_ids"])
    target = np.zeros((n, n), bool)
    shares = {name: np.zeros((n, n), bool) for name in SHARES}
    for q in range(n):
        for k in range(q + 1):
            target[q, k] = is_target(prompt, q, k)
            shares[relation(prompt, q, k)][q, k] = q > 0
    return target, shares


def scores_of(pattern, target):
    """The metric of patterns (..., q, k)."""
    on_target = (pattern * target).sum(-1)
    has_target = target.any(-1)
    if METRIC == "cell-mean":
        return on_target.sum(-1) / target.sum()
    if METRIC == "row-mass":
        return on_target[..., has_target].mean(-1)
    if METRIC == "surprisal":
        watched = np.where(has_target, on_target, pattern[..., 0])
        return -np.log(np.maximum(watched, 1e-12)).mean(-1)
    raise ValueError(f"this notebook does not know the metric {METRIC}")


def shares_of(pattern, shares):
    """The five mean shares of one pattern (q, k)."""
    rows = len(pattern) - 1
    return [(pattern * shares[name]).sum() / rows if rows else 0.0 for name in SHARES]


cells = [cells_of(p) for p in kept]
scored = [i for i, (target, _) in enumerate(cells) if target.any()]
uniform = [np.tril(1 / np.arange(1, n + 1)[:, None] * np.ones((n, n))) for n in lengths]

# %% [markdown]
# ## Patterns and the scores of all heads
#
# With steering, the negative eigenvalues of S, the symmetric part of the shown head's
# W_Q W_Kᵀ, are multiplied by alpha; 1 is the model. Ablations are always the model's.

# %%
ALPHA = float(SETTINGS.get("alpha", 1))


def weights_of(l, h):
    """W_Q, W_K, W_V and W_O of a head, layer norm folded in."""
    return [w[l, h].double().numpy() for w in (model.W_Q, model.W_K, model.W_V, model.W_O)]


def steering_of(alpha):
    """What gives the shown head's pattern (q, k) of its normalised residual stream."""
    w_q, w_k, _, _ = weights_of(layer, head)
    b_q, b_k = (b[layer, head].double().numpy() for b in (model.b_Q, model.b_K))
    m = w_q @ w_k.T
    values, vectors = np.linalg.eigh((m + m.T) / 2)
    negative = (vectors * np.minimum(values, 0)) @ vectors.T
    scale = float(model.blocks[layer].attn.attn_scale)

    def pattern(x):
        scores = (x @ w_q + b_q) @ (x @ w_k + b_k).T + (alpha - 1) * x @ negative @ x.T
        scores = np.where(np.tri(len(x), dtype=bool), scores / scale, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True)

    return pattern


all_scores = np.full((len(kept), n_layer, n_head), np.nan)
patterns = []  # of the shown head, (q, k) for each kept prompt, and for the shown one
normalised = []  # what its layer reads there
to_run = kept + [p for p in prompts if p["sequence"] == shown and not p["kept"]]
place = {p["sequence"]: i for i, p in enumerate(to_run)}


def study(ids, hooks, take):
    """Runs prompts, and hands out every layer's patterns (prompt, head, q, k) as numbers."""

    def keep(pattern, hook):
        take(hook.layer(), pattern.double().numpy())

    points = [f"blocks.{l}.attn.hook_pattern" for l in range(n_layer)]
    model.run_with_hooks(ids, return_type=None, fwd_hooks=[*hooks, *((p, keep) for p in points)])


for i, prompt in enumerate(to_run):

    def take(l, pattern):
        if i in scored:
            all_scores[i, l] = scores_of(pattern[0], cells[i][0])
        if l == layer:
            patterns.append(pattern[0, head])

    def note(x, hook):  # called for q, k and v, with the same
        normalised[i:] = [x[0].double().numpy()]

    hooks = [(f"blocks.{layer}.ln1.hook_normalized", note)]
    study(torch.tensor([prompt["token_ids"]]), hooks, take)

steered = patterns
if ALPHA != 1:
    pattern_of = steering_of(ALPHA)
    steered = [pattern_of(x) for x in normalised]
    for i in scored:
        all_scores[i, layer, head] = scores_of(steered[i], cells[i][0])

mean_scores = all_scores[scored].mean(0) if scored else all_scores[0]
chance = np.mean([scores_of(uniform[i], cells[i][0]) for i in scored]) if scored else np.nan
print(f"{HEAD}: {METRIC} {mean_scores[layer, head]:.4f} of {TARGET}; chance {chance:.4f}")

# %% [markdown]
# ## Ablations
#
# A component's activation is replaced, and the head's score is taken again.

# %%
RESAMPLE_SEED = 5


def resample_order(lengths):
    """For each prompt another one, at least as long."""
    stream = np.random.RandomState(RESAMPLE_SEED)
    n = len(lengths)
    if len(set(lengths)) == 1:
        # The first of a series of permutations that leaves none in its place.
        while True:
            order = stream.permutation(n)
            if n < 2 or (order != np.arange(n)).all():
                return order.tolist()
    order = []
    for i in range(n):
        able = [j for j in range(n) if j != i and lengths[j] >= lengths[i]]
        order.append(able[stream.randint(len(able))])
    return order


def kind_for(component, wanted):
    """The kind by which a component is ablated: some take one only."""
    if component.endswith(".pattern"):
        return "head-mean"
    if component.endswith(".mlp-only"):
        return "zero"
    return "position-mean" if wanted == "head-mean" else wanted


def kinds_of(components, kind):
    """The kind of each component, of which the page names each kind once."""
    kinds = ["position-mean", "dataset-mean", "global-mean", "zero", "resample"]
    for wanted in kinds:
        found = [kind_for(component, wanted) for component in components]
        if "+".join(dict.fromkeys(found)) == kind:
            return found
    raise ValueError(f"this notebook does not know how {components} are ablated by {kind}")


def mean_over(x, prompts, positions):
    """The mean of x (prompt, position, width) over the places that prompts really have."""
    own = real[..., None].double()
    over = [i for i, wanted in enumerate([prompts, positions]) if wanted]
    total, count = (x.double() * own).sum(over, keepdim=True), own.sum(over, keepdim=True)
    return (total / count.clamp(min=1)).float()


def replacement(kind, x):
    """What stands in for an activation (prompt, position, width)."""
    if kind == "position-mean":
        x_new = mean_over(x, prompts=False, positions=True)
    elif kind == "dataset-mean":
        x_new = mean_over(x, prompts=True, positions=False)
    elif kind == "global-mean":
        x_new = mean_over(x, prompts=True, positions=True)
    elif kind == "zero":
        x_new = torch.zeros_like(x)  # of z the value bias stays: it is folded into b_O
    elif kind == "resample":
        x_new = x[resample_order(lengths)]
    else:
        raise ValueError(f"this notebook does not know the kind {kind}")
    return x_new.expand_as(x)


def hooks_for(component, kind, seen):
    """TransformerLens hooks that ablate a component. `seen` holds MLP outputs of the run."""
    if component in ("embed", "pos_embed"):
        return [(f"hook_{component}", lambda x, hook: replacement(kind, x))]
    where, _, part = component[1:].partition(".")
    if part == "pattern":
        average = lambda x, hook: x.mean(1, keepdim=True).expand_as(x)
        return [(f"blocks.{where}.attn.hook_pattern", average)]
    if part in ("attn", "mlp"):
        return [(f"blocks.{where}.hook_{part}_out", lambda x, hook: replacement(kind, x))]
    if part == "mlp-only":

        def note(x, hook):
            seen[where] = x

        alone = lambda x, hook: seen[where]
        return [(f"blocks.{where}.hook_mlp_out", note), (f"blocks.{where}.hook_resid_post", alone)]
    l, h = map(int, where.split("H"))

    def one_head(z, hook):
        z = z.clone()
        z[:, :, h] = replacement(kind, z[:, :, h])
        return z

    return [(f"blocks.{l}.attn.hook_z", one_head)]


def ablated_patterns(component, kind):
    """The shown head's patterns on the kept prompts without a component, or several."""
    components = component.split("+")
    seen, found = {}, {}
    hooks = [
        hook
        for each, by in zip(components, kinds_of(components, kind))
        for hook in hooks_for(each, by, seen)
    ]

    def take(l, pattern):
        if l == layer:
            found["patterns"] = [pattern[i, head, :n, :n] for i, n in enumerate(lengths)]

    study(tokens, hooks, take)
    return found["patterns"]


ablations = []
for asked in PAGE["ablations"]:
    without = ablated_patterns(asked["component"], asked["kind"])
    ablations.append(
        {
            "component": asked["component"],
            "kind": asked["kind"],
            "baseline": [float(scores_of(patterns[i], cells[i][0])) for i in scored],
            "ablated": [float(scores_of(without[i], cells[i][0])) for i in scored],
            "shares_before": np.mean([shares_of(patterns[i], cells[i][1]) for i in scored], 0),
            "shares_after": np.mean([shares_of(without[i], cells[i][1]) for i in scored], 0),
        }
    )

effects = pd.DataFrame(
    [
        {
            "component": a["component"],
            "kind": a["kind"],
            "baseline": np.mean(a["baseline"]),
            "ablated": np.mean(a["ablated"]),
            "effect": np.mean(a["ablated"]) - np.mean(a["baseline"]),
        }
        for a in ablations
    ]
)
effects if len(effects) else print("The page had run no ablations.")

# %% [markdown]
# ## QK and OV form
#
# What the weights of each head alone say, if the page had taken it apart.

# %%
def form_of(l, h):
    """Of W_Q W_Kᵀ = S + K and of W_V W_O, each by a problem no larger than twice the head."""
    w_q, w_k, w_v, w_o = weights_of(l, h)
    width = w_q.shape[1]
    r = np.linalg.qr(np.hstack([w_q, w_k]), mode="r")
    m = r[:, :width] @ r[:, width:].T
    s, k = (m + m.T) / 2, (m - m.T) / 2
    values = np.linalg.eigvalsh(s)
    values = values[np.argsort(-abs(values))][: len(w_q) - 1]
    ov = np.linalg.eigvals(w_o @ w_v)
    return {
        "trace": m.trace(),
        "negative_of_d_head_largest": (values[:width] < 0).sum(),
        "largest_by_size": values[:8],
        "max_singular_symmetric": abs(values[0]),
        "max_singular_skew": np.linalg.norm(k, 2),
        "symmetric_share": (s**2).sum() / (m**2).sum(),
        "ov_copying": ov.real.sum() / abs(ov).sum(),
        "ov_trace": ov.real.sum(),
    }


circuits = PAGE["further"].get("circuits")
forms = {name: form_of(*map(int, name[1:].split("H"))) for name in (circuits or {"forms": {}})["forms"]}
table = pd.DataFrame(forms).T.drop(columns="largest_by_size") if forms else None
table if forms else print("The page had not taken the head apart.")

# %% [markdown]
# ## Pictures

# %%
import matplotlib.pyplot as plt

# Words are shown as they are, whatever signs they hold.
plain = lambda text: text.replace("$", r"\$")

pattern = steered[place[shown]]
labels = ["(start)", *map(plain, to_run[place[shown]]["words"])]
size = (18 if ablations else 12, max(5, 0.25 * len(ablations)))
figure, axes = plt.subplots(1, 3 if ablations else 2, figsize=size)
axes[0].imshow(pattern, vmin=0, cmap="viridis")
axes[0].set_title(f"{HEAD} on prompt {shown}")
if len(labels) == len(pattern) <= 40:
    axes[0].set_xticks(range(len(labels)), labels, rotation=90)
    axes[0].set_yticks(range(len(labels)), labels)
axes[0].set_xlabel("source")
axes[0].set_ylabel("destination")
heads = axes[1].imshow(mean_scores, cmap="magma", aspect="auto")
axes[1].set_title(f"{METRIC} of {TARGET}, all heads")
axes[1].set_xticks(range(n_head))
axes[1].set_yticks(range(n_layer))
axes[1].set_xlabel("head")
axes[1].set_ylabel("layer")
figure.colorbar(heads, ax=axes[1])
if ablations:
    bars = effects.iloc[::-1]
    axes[2].barh([f"{c}, {k}" for c, k in zip(bars["component"], bars["kind"])], bars["effect"])
    axes[2].axvline(0, color="black", linewidth=0.8)
    axes[2].locator_params(axis="x", nbins=6)
    axes[2].set_title(f"What each ablation does to the score of {HEAD}")
    axes[2].set_xlabel("ablated minus baseline")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## The same as on the page?

# %%
differences = {}


def compare(what, page, here):
    page, here = np.asarray(page, float), np.asarray(here, float)
    assert page.shape == here.shape, f"{what} is of another shape here"
    if page.size == 0:
        return
    gap = float(np.abs(page - here).max())
    assert not np.isnan(gap), f"{what} is not a number somewhere"
    differences[what] = max(gap, differences.get(what, 0.0))


if PAGE["patterns"]:
    compare("pattern of the shown head", PAGE["patterns"]["rows"], pattern)
if PAGE["breakdown"]:
    for sequence, page in PAGE["breakdown"]["per_prompt"].items():
        i = place[int(sequence)]
        compare("shares of attention", [page[s] for s in SHARES], shares_of(steered[i], cells[i][1]))
if PAGE["head_scores"]:
    per_prompt = {int(s): page for s, page in PAGE["head_scores"]["per_prompt"].items()}
    mine = [place[s] for s in per_prompt]
    compare("scores of all heads", list(per_prompt.values()), all_scores[mine])
    compare("mean scores", PAGE["head_scores"]["mean"], all_scores[mine].mean(0))
    here = np.mean([scores_of(uniform[i], cells[i][0]) for i in mine])
    compare("chance level", PAGE["head_scores"]["chance"], here)
for page, here in zip(PAGE["ablations"], ablations):
    assert page["sequences"] == [kept[i]["sequence"] for i in scored]
    for what in ("baseline", "ablated"):
        compare(f"ablations, {what}", page[what], here[what])
    for what in ("shares_before", "shares_after"):
        compare("ablations, shares of attention", [page[what][s] for s in SHARES], here[what])

if circuits:
    for name, form in forms.items():
        for what, here in form.items():
            page = circuits["forms"][name][what]
            if page is not None:
                size = max(1, np.abs(page).max())  # eigenvalues may be large
                compare("QK and OV forms", np.divide(page, size), here / size)
    for sequence, page in circuits["steered"]["self_share"].items():
        i = place[int(sequence)]
        here = shares_of(steered[i], cells[i][1])[SHARES.index("self")]
        compare("attention to itself, steered", page, here)
for what, gap in differences.items():
    print(f"{gap:.1e}  {what}")
largest = max(differences.values(), default=float("nan"))
print(f"Largest difference from the page's numbers: {largest:.1e}")
if not largest < 1e-4:
    print("That is more than rounding: the page and this notebook do not agree.")
