"""The notebook's study in TransformerLens, as the notebook runs it: prompt by
prompt, the detector by run_with_cache, the ablations by run_with_hooks.

    python3 benches/notebook_transformerlens.py MODEL_FOLDER PROMPTS [REPEATS]

MODEL_FOLDER holds GPT-2's config.json and model.safetensors; PROMPTS is
tests/fixtures/prompts.json, whose first draw is the notebook's. For one thread
and for all it prints one line of JSON: `threads`, `seconds` of each repeat, and
`scores` (every head's, L1H5's on each prompt, and those under the four
ablations), which benches/browser computes in the same order.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from transformer_lens import HookedTransformer, HookedTransformerConfig  # noqa: E402
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights  # noqa: E402
from transformers import GPT2LMHeadModel  # noqa: E402

LAYER, HEAD = 1, 5
ABLATED_LAYER = 0


def load(folder):
    """The model as HookedTransformer.from_pretrained would make it of the file."""
    published = GPT2LMHeadModel.from_pretrained(folder)
    sizes = published.config
    config = HookedTransformerConfig(
        n_layers=sizes.n_layer,
        n_heads=sizes.n_head,
        d_model=sizes.n_embd,
        d_head=sizes.n_embd // sizes.n_head,
        d_mlp=4 * sizes.n_embd,
        n_ctx=sizes.n_positions,
        d_vocab=sizes.vocab_size,
        eps=sizes.layer_norm_epsilon,
        act_fn="gelu_new",
        normalization_type="LN",
        device="cpu",
    )
    model = HookedTransformer(config)
    model.load_and_process_state_dict(convert_gpt2_weights(published, config))
    return model


def same_category_mask(words, rows):
    """Cells (destination, source) of earlier words of the same category that are
    other words, beginning-of-text included as position 0."""
    n = len(words) + 1
    mask = torch.zeros(n, n, dtype=torch.bool)
    for q in range(1, n):
        for k in range(1, q):
            mask[q, k] = rows[q - 1] == rows[k - 1] and words[q - 1] != words[k - 1]
    return mask


def position_mean(activation, hook):
    return activation.mean(dim=1, keepdim=True).expand_as(activation)


def head_mean(pattern, hook):
    return pattern.mean(dim=1, keepdim=True).expand_as(pattern)


ABLATIONS = [
    ("hook_embed", position_mean),
    ("hook_pos_embed", position_mean),
    (f"blocks.{ABLATED_LAYER}.attn.hook_pattern", head_mean),
    (f"blocks.{ABLATED_LAYER}.hook_mlp_out", position_mean),
]


def study(model, prompts):
    detected = torch.zeros(model.cfg.n_layers, model.cfg.n_heads, dtype=torch.float64)
    baseline = []
    for tokens, mask in prompts:
        _, cache = model.run_with_cache(tokens)
        for layer in range(model.cfg.n_layers):
            pattern = cache["pattern", layer][0]
            detected[layer] += pattern[:, mask].mean(dim=-1).double() / len(prompts)
        baseline.append(cache["pattern", LAYER][0, HEAD][mask].mean().item())
    scores = [*detected.flatten().tolist(), *baseline]
    for point, ablate in ABLATIONS:
        for tokens, mask in prompts:
            seen = {}

            def keep(pattern, hook, seen=seen):
                seen["pattern"] = pattern[0, HEAD]

            hooks = [(point, ablate), (f"blocks.{LAYER}.attn.hook_pattern", keep)]
            model.run_with_hooks(tokens, fwd_hooks=hooks)
            scores.append(seen["pattern"][mask].mean().item())
    return scores


def main(folder, prompts_file, repeats):
    model = load(folder)
    drawn = json.loads(Path(prompts_file).read_text())["cases"][0]
    kept = drawn["kept_sequences"]
    prompts = [
        (
            torch.tensor([drawn["token_ids"][i]]),
            same_category_mask(drawn["words"][i], drawn["category_index"][i]),
        )
        for i in kept
    ]
    torch.set_grad_enabled(False)
    # All of them first: torch may not take back a smaller number.
    for threads in [os.cpu_count(), 1]:
        torch.set_num_threads(threads)
        study(model, prompts[:2])
        seconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            scores = study(model, prompts)
            seconds.append(time.perf_counter() - started)
        print(json.dumps({"threads": threads, "seconds": seconds, "scores": scores}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3)
