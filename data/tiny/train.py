"""Trains `tiny`, the small GPT-2 that ships with Headscope, and measures it.

    python train.py --out DIR             train, export, measure
    python train.py --measure DIR         only measure the model in DIR

The model has GPT-2's architecture and GPT-2's token ids, and is written as
published GPT-2 models are (config.json, model.safetensors, names without a
prefix, Conv1D weights as (in, out), F16). One thread, one seed: the same
versions on the same kind of machine give the same file.

The task. Every sequence mixes two to five categories of words. From each
category it has a hidden pool of two to four words, and only these occur. The
next word stays in the current word's category with probability `keep`; a
category that comes up again repeats its last word with probability `repeat`,
and otherwise shows another word of its pool. So what comes after `dog` is best
guessed from the earlier *other* animals: where the guess counts in full, the
answer is never the word itself, and a repeat tells nothing.

Three choices are behind heads that sit after layer 0 and look away from
themselves (the model card tells what was seen with and without each):
  * Token embeddings are random and stay as drawn, so they hold no categories
    and the layer-0 MLP has to make them.
  * While training, each head's output z carries noise as large as `noise`
    times its own root mean square. A head pays for what it moves, so attention
    that carries no news goes to beginning-of-text.
  * A guess counts in full only where the next word is another word of the
    current word's category; elsewhere it counts `elsewhere`.
"""

import argparse
import csv
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
BOS, VOCAB, N_CTX = 50256, 50257, 64
PAGE_CATEGORIES = 10  # the first rows of words.csv are the page's own table
RELATIONS = ("same category", "same word", "self", "other", "bos")


# ---------------------------------------------------------------- words

def read_words(path):
    """The table as [(category, [(word, id after a space, id at the start)])].

    An id is -1 where GPT-2's tokenizer splits that spelling into several tokens.
    """
    table = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            ids = [int(row[key] or -1) for key in ("id_after_space", "id_at_start")]
            table.setdefault(row["category"], []).append((row["word"], *ids))
    return list(table.items())


# ---------------------------------------------------------------- training sequences

class Sequences:
    """Draws training sequences, a batch at a time."""

    def __init__(self, table, keep, repeat, elsewhere, rng):
        self.keep, self.repeat, self.elsewhere, self.rng = keep, repeat, elsewhere, rng
        usable = [[word for word in words if word[1] >= 0] for _, words in table]
        self.size = np.array([len(words) for words in usable])
        self.after_space = np.full((len(usable), self.size.max()), -1)
        self.at_start = self.after_space.copy()
        for c, words in enumerate(usable):
            for i, (_, after_space, at_start) in enumerate(words):
                self.after_space[c, i], self.at_start[c, i] = after_space, at_start
        ids = np.concatenate([[BOS], self.after_space.ravel(), self.at_start.ravel()])
        self.used_ids = np.unique(ids[ids >= 0])

    def batch(self, batch, words, most=5):
        """Token ids (b, 1 + words) and the weight of each word after the first (b, words - 1).

        Sequences whose first word is not one token without its space are dropped.
        """
        rng, rows = self.rng, np.arange(batch)
        categories = rng.random((batch, len(self.size))).argsort(1)[:, :most]  # (B, 5)
        n_categories = rng.integers(2, most + 1, batch)
        size = self.size[categories]
        pool_size = np.minimum(rng.integers(2, 5, (batch, most)), size)
        order = rng.random((batch, most, self.size.max()))
        order[np.arange(self.size.max()) >= size[:, :, None]] = 2  # sorts missing words last
        pool = order.argsort(2)  # (B, 5, words of a category): the first pool_size count

        last = np.full((batch, most), -1)  # place in its pool of each category's last word
        slot = rng.integers(0, n_categories)
        category = np.zeros((batch, words), int)
        word = np.zeros((batch, words), int)
        for t in range(words):
            if t:
                slot = np.where(rng.random(batch) < self.keep, slot, rng.integers(0, n_categories))
            before, pools = last[rows, slot], pool_size[rows, slot]
            any_word = (rng.random(batch) * pools).astype(int)
            another = (before + 1 + (rng.random(batch) * (pools - 1)).astype(int)) % pools
            again = rng.random(batch) < self.repeat
            now = np.where(before < 0, any_word, np.where(again, before, another))
            last[rows, slot] = now
            category[:, t] = categories[rows, slot]
            word[:, t] = pool[rows, slot, now]

        ids = np.full((batch, 1 + words), BOS)
        ids[:, 1:] = self.after_space[category, word]
        ids[:, 1] = self.at_start[category[:, 0], word[:, 0]]
        asked = (category[:, 1:] == category[:, :-1]) & (word[:, 1:] != word[:, :-1])
        whole = ids[:, 1] >= 0
        return ids[whole], np.where(asked, 1.0, self.elsewhere)[whole]


# ---------------------------------------------------------------- model

def new_parameters(n_layer, d, std, generator):
    """GPT-2's tensors under their published names; wte is drawn once and not trained."""
    def normal(*shape, scale):
        return torch.randn(*shape, generator=generator) * scale

    p = {"wte.weight": normal(VOCAB, d, scale=std), "wpe.weight": normal(N_CTX, d, scale=0.02)}
    shapes = {"attn.c_attn": (d, 3 * d), "attn.c_proj": (d, d),
              "mlp.c_fc": (d, 4 * d), "mlp.c_proj": (4 * d, d)}
    for i in range(n_layer):
        for name in ("ln_1", "ln_2"):
            p[f"h.{i}.{name}.weight"], p[f"h.{i}.{name}.bias"] = torch.ones(d), torch.zeros(d)
        for name, (n_in, n_out) in shapes.items():
            scale = n_in ** -0.5 * (0.5 if "c_proj" in name else 1.0)
            p[f"h.{i}.{name}.weight"] = normal(n_in, n_out, scale=scale)
            p[f"h.{i}.{name}.bias"] = torch.zeros(n_out)
    p["ln_f.weight"], p["ln_f.bias"] = torch.ones(d), torch.zeros(d)
    return p


def forward(p, n_head, ids, hook=lambda name, x: x, noise=0.0):
    """The final residual stream (B, T, d) and every layer's pattern (B, H, T, T).

    `hook` may replace what it is shown: embed, pos_embed, L{i}.pattern, L{i}.attn, L{i}.mlp.
    """
    def linear(x, name):
        return F.linear(x, p[name + ".weight"].t(), p[name + ".bias"])

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], p[name + ".weight"], p[name + ".bias"], 1e-5)

    (B, T), d = ids.shape, p["wte.weight"].shape[1]
    n_layer = sum(name.endswith("attn.c_attn.weight") for name in p)
    future = torch.full((T, T), float("-inf")).triu(1)
    patterns = []
    x = hook("embed", F.embedding(ids, p["wte.weight"]))
    x = x + hook("pos_embed", p["wpe.weight"][:T].expand(B, T, d))
    for i in range(n_layer):
        qkv = linear(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn")
        q, k, v = qkv.view(B, T, 3, n_head, d // n_head).permute(2, 0, 3, 1, 4)  # (B, H, T, D)
        scores = q @ k.transpose(-1, -2) / math.sqrt(d // n_head) + future
        pattern = hook(f"L{i}.pattern", scores.softmax(-1))
        patterns.append(pattern)
        z = pattern @ v
        if noise:
            rms = (z.pow(2).mean((0, 2, 3), keepdim=True) + 1e-8).sqrt()  # one a head
            z = z + noise * rms * torch.randn_like(z)
        attn = linear(z.transpose(1, 2).reshape(B, T, d), f"h.{i}.attn.c_proj")
        x = x + hook(f"L{i}.attn", attn)
        hidden = F.gelu(linear(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
        x = x + hook(f"L{i}.mlp", linear(hidden, f"h.{i}.mlp.c_proj"))
    return norm(x, "ln_f"), patterns


# ---------------------------------------------------------------- training

def train(args, table):
    """Returns the trained parameters and a record of the run."""
    started = time.time()
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    sequences = Sequences(table, args.keep, args.repeat, args.elsewhere,
                          np.random.default_rng(args.seed))
    used = torch.from_numpy(sequences.used_ids)
    column = torch.full((VOCAB,), -1)
    column[used] = torch.arange(len(used))
    unused = (column < 0).nonzero().flatten()
    p = new_parameters(args.layers, args.width, args.std, generator)
    p["wte.weight"][unused] *= args.unused_std / args.std
    trained = {name: x.requires_grad_() for name, x in p.items() if name != "wte.weight"}
    matrices = [x for name, x in trained.items() if x.ndim == 2 and name != "wpe.weight"]
    undecayed = [x for name, x in trained.items() if x.ndim == 1 or name == "wpe.weight"]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": args.decay},
                                   {"params": undecayed, "weight_decay": 0.0}],
                                  lr=args.rate, betas=(0.9, 0.98), fused=True)
    losses = []  # of the guesses that count in full

    for step in range(args.steps):
        cosine = 0.51 + 0.49 * math.cos(math.pi * step / args.steps)
        for group in optimizer.param_groups:
            group["lr"] = args.rate * min(1.0, (step + 1) / 200) * cosine
        # One step in eight fills the whole context, so that every position is trained.
        ids, weight = sequences.batch(args.batch, args.words) if step % 8 else \
            sequences.batch(args.batch * args.words // N_CTX, N_CTX)
        ids, weight = torch.from_numpy(ids), torch.from_numpy(weight).float().flatten()
        x, _ = forward(p, args.heads, ids[:, :-1], noise=args.noise)
        counts = weight > 0
        x, target = x[:, 1:].flatten(0, 1)[counts], ids[:, 2:].flatten()[counts]
        weight = weight[counts]
        # All words in use, and a few of the other tokens, each standing for many: this
        # estimates the softmax over the whole vocabulary.
        others = unused[torch.randint(len(unused), (args.negatives,))]
        logits = x @ F.embedding(torch.cat([used, others]), p["wte.weight"]).t()
        logits[:, len(used):] += math.log(len(unused) / args.negatives)
        loss = F.cross_entropy(logits, column[target], reduction="none")
        losses.append(loss[weight == 1].mean().item())
        optimizer.zero_grad()
        ((loss * weight).sum() / weight.sum()).backward()
        torch.nn.utils.clip_grad_norm_(list(trained.values()), 1.0)
        optimizer.step()
        if (step + 1) % 500 == 0:
            print(f"step {step + 1}: loss {np.mean(losses[-200:]):.4f}, "
                  f"{time.time() - started:.0f} s", flush=True)
    record = {"final_loss": round(float(np.mean(losses[-200:])), 4),
              "seconds": round(time.time() - started), "torch": torch.__version__.split("+")[0],
              "numpy": np.__version__, "recipe": {k: v for k, v in vars(args).items()
                                                  if k not in ("out", "measure")}}
    return {name: x.detach() for name, x in p.items()}, record


def export(p, args, out):
    """Writes the model as published GPT-2 models are."""
    out.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"],
              "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
              "n_layer": args.layers, "n_head": args.heads, "n_embd": args.width,
              "n_ctx": N_CTX, "n_positions": N_CTX, "vocab_size": VOCAB,
              "bos_token_id": BOS, "eos_token_id": BOS, "tie_word_embeddings": True,
              "torch_dtype": "float16"}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({name: x.half().contiguous() for name, x in p.items()},
              out / "model.safetensors", metadata={"format": "pt"})
    (out / "model.safetensors").chmod(0o644)  # safetensors makes it private


# ---------------------------------------------------------------- measuring

def draw_prompts(table, seed, sequences=30, length=12, categories=4):
    """The page's prompts: pandas' DataFrame.sample and Series.sample on numpy's RandomState.

    Returns only those kept, as (token ids, category of each word, words).
    """
    table, random, kept = table[:PAGE_CATEGORIES], np.random.RandomState(seed), []
    for _ in range(sequences):
        rows = random.permutation(len(table))[:categories]
        category = []
        words = []
        for _ in range(length):
            category.append(rows[random.permutation(categories)[0]])
            choices = table[category[-1]][1]
            words.append(choices[random.permutation(len(choices))[0]])
        ids = [BOS, words[0][2]] + [word[1] for word in words[1:]]
        if min(ids) >= 0:
            kept.append((ids, category, [word[0] for word in words]))
    return kept


def relations(category, words):
    """(T, T) index into RELATIONS of each destination q to each source k <= q, else -1."""
    T = len(words) + 1
    relation = np.full((T, T), -1)
    for q in range(1, T):
        relation[q, 0] = 4
        for k in range(1, q + 1):
            relation[q, k] = (2 if k == q else 1 if words[k - 1] == words[q - 1]
                              else 0 if category[k - 1] == category[q - 1] else 3)
    return relation


@torch.no_grad()
def measure(p, n_head, prompts):
    """cell-mean of all heads, the best head's shares, and the notebook's four ablations."""
    ids = torch.tensor([prompt[0] for prompt in prompts])
    relation = torch.from_numpy(np.stack([relations(*prompt[1:]) for prompt in prompts]))
    cells = (relation == 0).double()[:, None]  # (B, 1, T, T)

    def cell_mean(pattern):  # (B, H, T, T) -> (H,): mean over prompts
        return ((pattern * cells).sum((-1, -2)) / cells.sum((-1, -2))).mean(0)

    def over_positions(x):
        return x.mean(1, keepdim=True).expand_as(x)  # (B, T, d)

    def over_heads(x):
        return x.mean(1, keepdim=True).expand_as(x)  # (B, H, T, T)

    T = ids.shape[1]
    uniform = torch.ones(T, T, dtype=torch.double).tril()
    uniform = uniform / uniform.sum(-1, keepdim=True)
    # The most that any pattern could reach while a row sums to 1: all of it on a row's targets.
    ideal = cells / cells.sum(-1, keepdim=True).clamp(min=1)

    _, patterns = forward(p, n_head, ids)
    scores = torch.stack([cell_mean(pattern) for pattern in patterns])  # (L, H)
    layer, head = divmod(scores.argmax().item(), n_head)
    best = patterns[layer][:, head]
    selfs = torch.stack([(pattern * (relation == 2)[:, None]).sum(-1)[..., 1:].mean((0, 2))
                         for pattern in patterns])
    ablated = {}
    for name, change in (("embed", over_positions), ("pos_embed", over_positions),
                         ("L0.pattern", over_heads), ("L0.mlp", over_positions)):
        changed = forward(p, n_head, ids, lambda at, x: change(x) if at == name else x)[1]
        ablated[name] = cell_mean(changed[layer])[head].item()
    return {"n": len(prompts), "chance": cell_mean(uniform.expand(len(ids), 1, T, T)).item(),
            "ideal": cell_mean(ideal).item(), "scores": scores.tolist(), "self": selfs.tolist(),
            "best": f"L{layer}H{head}", "score": scores[layer, head].item(),
            "shares": {name: (best * (relation == r)).sum(-1)[:, 1:].mean().item()
                       for r, name in enumerate(RELATIONS)},
            "ablated": ablated}


def choose(m):
    """Whether a run qualifies under the rule of the model card, and what it is ranked by."""
    score, kept = m["score"], {name: x / m["score"] for name, x in m["ablated"].items()}
    qualifies = (m["best"][1] != "0" and score >= 2 * m["chance"] and m["shares"]["self"] <= 0.1
                 and max(kept["embed"], kept["L0.mlp"]) <= 0.5
                 and min(kept["pos_embed"], kept["L0.pattern"]) >= 0.9)
    return qualifies, score - m["shares"]["self"]


def report(title, m):
    print(f"\n{title}: {m['n']} prompts, chance {m['chance']:.4f}, ideal {m['ideal']:.4f}")
    for i, (scores, selfs) in enumerate(zip(m["scores"], m["self"])):
        cells = [f"{score:.4f} (self {share:.3f})" for score, share in zip(scores, selfs)]
        print(f"  L{i}: " + "  ".join(cells))
    print(f"  best {m['best']} {m['score']:.4f}; shares "
          + ", ".join(f"{name} {x:.3f}" for name, x in m["shares"].items()))
    print("  ablated: " + ", ".join(f"{name} {x:.4f}" for name, x in m["ablated"].items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--out", type=Path, help="folder for config.json, model.safetensors and run.json")
    add("--measure", type=Path, help="measure the model in this folder, train nothing")
    add("--seed", type=int, default=0)
    add("--layers", type=int, default=3)
    add("--heads", type=int, default=2)
    add("--width", type=int, default=64)
    add("--steps", type=int, default=6000)
    add("--batch", type=int, default=96, help="sequences in a step")
    add("--words", type=int, default=24, help="words in a sequence, one step in eight: 64")
    add("--rate", type=float, default=2e-3, help="peak learning rate")
    add("--decay", type=float, default=0.1, help="weight decay of the matrices")
    add("--std", type=float, default=0.3, help="spread of the frozen token embeddings")
    add("--unused-std", type=float, default=0.1, help="the same for tokens of no trained word")
    add("--keep", type=float, default=0.5, help="chance that a word stays in the category")
    add("--repeat", type=float, default=0.5, help="chance that a category repeats its word")
    add("--noise", type=float, default=0.5, help="noise on z while training, in its own rms")
    add("--elsewhere", type=float, default=0.2, help="weight of all other guesses")
    add("--negatives", type=int, default=512, help="other tokens sampled in each softmax")
    args = parser.parse_args()
    if (args.out is None) == (args.measure is None):
        parser.error("give either --out or --measure")
    torch.set_num_threads(1)
    table = read_words(HERE / "words.csv")
    record = None
    if args.out:
        p, record = train(args, table)
        export(p, args, args.out)
    folder = args.out or args.measure
    n_head = json.loads((folder / "config.json").read_text())["n_head"]
    p = {name: x.float() for name, x in load_file(folder / "model.safetensors").items()}
    chosen_by = [prompt for seed in range(101, 111) for prompt in draw_prompts(table, seed)]
    rule, notebook = measure(p, n_head, chosen_by), measure(p, n_head, draw_prompts(table, 5))
    report("seeds 101 to 110, for the choice", rule)
    qualifies, rank = choose(rule)
    print(f"  {'qualifies' if qualifies else 'does not qualify'}, score less self share {rank:.4f}")
    report("seed 5, the notebook's prompts", notebook)
    if record:
        record |= {"qualifies": qualifies, "rank": rank, "choice": rule, "notebook": notebook}
        (args.out / "run.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
