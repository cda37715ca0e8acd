"""What TransformerLens 2.11.0 gives for a small GPT-2: the numbers the page's own code is held to.

    python reference.py MODEL_DIR --prompts REFERENCE.json --out NEW.json [--head L1H1]
    python reference.py MODEL_DIR --prompts REFERENCE.json --check REFERENCE.json

`--prompts` names an earlier file of the same shape, whose prompts and text are taken over.
`--check` computes everything anew and compares it with that file. Without `--head` the target
is the best-scoring head. The weights are read as float32 and processed as TransformerLens
does by default (layer norms and value biases folded, writing weights centred).
"""

import argparse
import json
import math
from pathlib import Path
from types import SimpleNamespace

import torch
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

PROMPT_KEYS = ("prompt_seed", "sequences", "length", "categories", "kept_sequences", "token_ids",
               "words", "categories_of_words")
KINDS = ("position-mean", "zero", "dataset-mean", "global-mean")


def load(folder):
    """The model of a folder with config.json and model.safetensors, as a HookedTransformer."""
    config = json.loads((folder / "config.json").read_text())
    tensors = {name: x.float() for name, x in load_file(folder / "model.safetensors").items()}
    d, n_head = config["n_embd"], config["n_head"]
    cfg = HookedTransformerConfig(
        n_layers=config["n_layer"], n_heads=n_head, d_model=d, d_head=d // n_head, d_mlp=4 * d,
        d_vocab=config["vocab_size"], n_ctx=config["n_positions"],
        eps=config["layer_norm_epsilon"], act_fn="gelu_new", normalization_type="LN",
        original_architecture="GPT2LMHeadModel", device="cpu")

    def module(prefix):  # convert_gpt2_weights reads attributes of a transformers model
        return SimpleNamespace(weight=tensors[prefix + ".weight"],
                               bias=tensors.get(prefix + ".bias"))

    layers = [SimpleNamespace(
        ln_1=module(f"h.{i}.ln_1"), ln_2=module(f"h.{i}.ln_2"),
        attn=SimpleNamespace(c_attn=module(f"h.{i}.attn.c_attn"),
                             c_proj=module(f"h.{i}.attn.c_proj")),
        mlp=SimpleNamespace(c_fc=module(f"h.{i}.mlp.c_fc"), c_proj=module(f"h.{i}.mlp.c_proj")),
    ) for i in range(config["n_layer"])]
    gpt2 = SimpleNamespace(
        transformer=SimpleNamespace(wte=module("wte"), wpe=module("wpe"), h=layers,
                                    ln_f=module("ln_f")),
        lm_head=module("wte"))
    model = HookedTransformer(cfg)
    state = {name: x.clone() for name, x in convert_gpt2_weights(gpt2, cfg).items()}
    model.load_and_process_state_dict(state)
    return model.eval()


def masks(categories, words):
    """(T, T) masks by relation: same category, same word, self, bos, other."""
    T = len(words) + 1
    by_name = {name: torch.zeros(T, T) for name in ("category", "word", "self", "bos", "other")}
    for q in range(1, T):
        by_name["bos"][q, 0] = 1
        for k in range(1, q + 1):
            name = ("self" if k == q else "word" if words[k - 1] == words[q - 1]
                    else "category" if categories[k - 1] == categories[q - 1] else "other")
            by_name[name][q, k] = 1
    return by_name


def cell_mean(pattern, mask):
    """Mean attention over the mask's cells, for patterns (..., T, T)."""
    return (pattern * mask).sum((-1, -2)) / mask.sum()


def other_metrics(pattern, relation):
    """row-mass, surprisal and the five mass shares of one head's pattern (T, T)."""
    mask = relation["category"]
    has_target = mask.sum(-1) > 0
    mass = (pattern * mask).sum(-1)
    watched = torch.where(has_target, mass, pattern[:, 0])
    shares = [(pattern * relation[name]).sum(-1)[1:].mean().item()
              for name in ("category", "word", "self", "bos", "other")]
    return {"row_mass": rounded(mass[has_target].mean().item()),
            "surprisal": rounded(-watched.clamp(min=1e-12).log().mean().item()),
            "breakdown_same_category_same_word_self_bos_other": rounded(shares)}


def upstream(layer, n_head):
    """The components below a layer: (name, hook point, head or None)."""
    parts = [("embed", "hook_embed", None), ("pos_embed", "hook_pos_embed", None)]
    for i in range(layer):
        parts += [(f"L{i}.attn", f"blocks.{i}.hook_attn_out", None),
                  (f"L{i}.mlp", f"blocks.{i}.hook_mlp_out", None)]
    for i in range(layer):
        parts.append((f"L{i}.pattern", f"blocks.{i}.attn.hook_pattern", None))
        parts += [(f"L{i}H{h}", f"blocks.{i}.attn.hook_z", h) for h in range(n_head)]
    return parts


def ablation(kind, head, whole):
    """A hook that replaces a component; `whole` is the un-ablated one over all kept prompts."""
    def replace(x):  # (B, T, d)
        if kind == "zero":
            return torch.zeros_like(x)
        if kind == "position-mean":
            return x.mean(1, keepdim=True).expand_as(x)
        if kind == "dataset-mean":
            return whole.mean(0, keepdim=True).expand_as(x)
        return whole.mean((0, 1), keepdim=True).expand_as(x)

    def hook(x, hook):
        if kind == "head-mean":  # a pattern (B, H, T, T)
            return x.mean(1, keepdim=True).expand_as(x)
        if head is None:
            return replace(x)
        x = x.clone()
        x[:, :, head] = replace(x[:, :, head])
        return x

    return hook


def rounded(x):
    if isinstance(x, (list, tuple)):
        return [rounded(y) for y in x]
    return round(x, 7) if isinstance(x, float) else x


@torch.no_grad()
def numbers(model, prompts, target):
    """Everything in the reference file besides the prompts themselves."""
    ids = torch.tensor(prompts["token_ids"])
    relation = [masks(*pair) for pair in zip(prompts["categories_of_words"], prompts["words"])]
    n_layer, n_head = model.cfg.n_layers, model.cfg.n_heads
    _, cache = model.run_with_cache(ids, return_type=None)
    scores = torch.stack([torch.stack([cell_mean(pattern, r["category"])
                                       for pattern, r in zip(cache["pattern", i], relation)])
                          for i in range(n_layer)], 1)  # (prompts, L, H)
    mean = scores.mean(0)
    if target is None:
        target = "L{}H{}".format(*divmod(mean.argmax().item(), n_head))
    layer, head = map(int, target[1:].split("H"))
    point = f"blocks.{layer}.attn.hook_pattern"
    pattern = cache[point][:, head]  # (prompts, T, T)

    def target_scores(hooks):
        seen = {}

        def keep(x, hook):
            seen["pattern"] = x[:, head]

        model.run_with_hooks(ids, return_type=None, fwd_hooks=[*hooks, (point, keep)],
                             stop_at_layer=layer + 1)
        return rounded([cell_mean(x, r["category"]).item()
                        for x, r in zip(seen["pattern"], relation)])

    ablated = {"baseline": target_scores([])}
    for name, at, h in upstream(layer, n_head):
        whole = cache[at] if h is None else cache[at][:, :, h]
        for kind in ("head-mean",) if name.endswith("pattern") else KINDS:
            ablated[f"{name}|{kind}"] = target_scores([(at, ablation(kind, h, whole))])

    text = torch.tensor([prompts["text_token_ids"]])
    logits, text_cache = model.run_with_cache(text)
    logprobs = logits[0].log_softmax(-1)
    top = logprobs.topk(5, -1)
    return {
        "target_head": target,
        "head_scores_mean": rounded(mean.tolist()),
        "head_scores_first_prompt": rounded(scores[0].tolist()),
        "head_scores_second_prompt": rounded(scores[1].tolist()),
        "target_pattern_second_prompt": rounded(pattern[1].tolist()),
        "target_head_other_metrics": [other_metrics(x, r) for x, r in zip(pattern, relation)],
        "ablation_scores": ablated,
        "text": prompts["text"],
        "text_token_ids": prompts["text_token_ids"],
        "text_next_token_logprobs": rounded(
            [logprobs[i, t].item() for i, t in enumerate(prompts["text_token_ids"][1:])]),
        "text_top5": [[[t, round(x, 6)] for t, x in zip(ids, values)]
                      for ids, values in zip(top.indices.tolist(), top.values.tolist())],
        "text_pattern_last_layer_head0": rounded(
            text_cache["pattern", n_layer - 1][0, 0].tolist()),
    }


def differences(ours, theirs, path=""):
    """Yields (path, absolute difference); infinite where the shapes or words differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if key in ours and key in theirs:
                yield from differences(ours[key], theirs[key], f"{path}/{key}")
            else:
                yield f"{path}/{key}", math.inf
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for i, (x, y) in enumerate(zip(ours, theirs)):
            yield from differences(x, y, f"{path}/{i}")
    elif isinstance(ours, float) and isinstance(theirs, float):
        yield path, abs(ours - theirs)
    elif ours != theirs:
        yield path, math.inf


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--head", help="the target, such as L1H1; without it the best head")
    result = parser.add_mutually_exclusive_group(required=True)
    result.add_argument("--out", type=Path)
    result.add_argument("--check", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    prompts = json.loads(args.prompts.read_text())
    expected = json.loads(args.check.read_text()) if args.check else {}
    target = args.head or expected.get("target_head")
    found = {key: prompts[key] for key in PROMPT_KEYS} | numbers(load(args.model), prompts, target)
    if args.check:
        expected.pop("about", None)
        apart = sorted(differences(found, expected), key=lambda item: -item[1])
        print(f"{len(apart)} numbers compared; the largest differences:")
        for path, gap in apart[:5]:
            print(f"  {gap:.2e}  {path}")
        raise SystemExit(apart[0][1] > 1e-5)
    about = f"TransformerLens 2.11.0 (torch float32) on {args.model.resolve().name}, read as float32."
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({"about": about} | found) + "\n")
    print(f"{args.out}: target {found['target_head']}, head scores {found['head_scores_mean']}")


if __name__ == "__main__":
    main()
