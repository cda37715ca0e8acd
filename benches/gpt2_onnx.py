"""Writes GPT-2 small as an ONNX graph, for onnxruntime-web to run:

    python3 benches/gpt2_onnx.py MODEL_FOLDER GRAPH

The graph takes token ids, (batch, tokens), and gives the attention pattern of
every layer and the residual stream after the last. Its weights stay where they
are: each is an external tensor that names its bytes in MODEL_FOLDER's
model.safetensors, so that both sides of the benchmark read the same file.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = "model.safetensors"


class Graph:
    """Nodes in the order of the forward pass, and the tensors they use."""

    def __init__(self):
        self.nodes = []
        self.initializers = []

    def node(self, op, *inputs, outputs=1, domain="", **attributes):
        """Adds a node and returns the names of its outputs, a single one bare."""
        names = [f"{op}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, values, dtype=np.int64):
        """A small tensor that is kept in the graph itself."""
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.array(values, dtype=dtype), name))
        return name

    def external(self, name, shape, offset, length):
        """A weight that lies in the file of weights."""
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in [("location", WEIGHTS), ("offset", offset), ("length", length)]:
            tensor.external_data.add(key=key, value=str(value))
        self.initializers.append(tensor)


def read_header(file):
    """Names, shapes and places of the tensors of a safetensors file."""
    with open(file, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    return header, 8 + length


def build(folder):
    config = json.loads((folder / "config.json").read_text())
    d, n_head, n_layer = config["n_embd"], config["n_head"], config["n_layer"]
    d_head = d // n_head
    epsilon = config["layer_norm_epsilon"]
    graph = Graph()
    node, constant = graph.node, graph.constant

    header, data_start = read_header(folder / WEIGHTS)
    for name, entry in header.items():
        # Not the mask buffers, nor what only the logits need.
        if name.endswith(".attn.bias") or name.startswith("ln_f"):
            continue
        begin, end = entry["data_offsets"]
        graph.external(name, entry["shape"], data_start + begin, end - begin)

    def layer_norm(x, name):
        return node("LayerNormalization", x, f"{name}.weight", f"{name}.bias", axis=-1, epsilon=epsilon)

    def linear(x, name):
        # Rows of all prompts at once, so that weight and bias are one operation.
        return node("Gemm", x, f"{name}.weight", f"{name}.bias")

    shape = node("Shape", "ids")
    tokens = node("Gather", shape, constant([1]))
    square = node("Concat", tokens, tokens, axis=0)
    everywhere = node("ConstantOfShape", square, value=numpy_helper.from_array(np.array([-np.inf], np.float32)))
    mask = node("Trilu", everywhere, constant(1), upper=1)  # (T, T)

    embed = node("Gather", "wte.weight", "ids")
    pos_embed = node("Slice", "wpe.weight", constant([0]), tokens, constant([0]))
    resid = node("Reshape", node("Add", embed, pos_embed), constant([-1, d]))  # (B T, d)
    by_head = node("Concat", shape, constant([n_head, d_head]), axis=0)
    scale = constant(d_head**-0.5, np.float32)

    patterns = []
    for l in range(n_layer):
        normed = layer_norm(resid, f"h.{l}.ln_1")
        qkv = node("Split", linear(normed, f"h.{l}.attn.c_attn"), axis=1, outputs=3, num_outputs=3)
        q, k, v = (node("Reshape", x, by_head) for x in qkv)  # (B, T, H, e)
        q = node("Transpose", q, perm=[0, 2, 1, 3])
        k = node("Transpose", k, perm=[0, 2, 3, 1])
        v = node("Transpose", v, perm=[0, 2, 1, 3])
        scores = node("Add", node("Mul", node("MatMul", q, k), scale), mask)
        pattern = node("Softmax", scores, axis=-1)  # (B, H, T, T)
        patterns.append(pattern)
        z = node("Transpose", node("MatMul", pattern, v), perm=[0, 2, 1, 3])
        z = node("Reshape", z, constant([-1, d]))
        resid = node("Add", resid, linear(z, f"h.{l}.attn.c_proj"))
        normed = layer_norm(resid, f"h.{l}.ln_2")
        hidden = node("Gelu", linear(normed, f"h.{l}.mlp.c_fc"), approximate="tanh")
        resid = node("Add", resid, linear(hidden, f"h.{l}.mlp.c_proj"))

    outputs = []
    for l, pattern in enumerate(patterns):
        graph.nodes.append(helper.make_node("Identity", [pattern], [f"pattern_{l}"]))
        dims = ["batch", n_head, "tokens", "tokens"]
        outputs.append(helper.make_tensor_value_info(f"pattern_{l}", TensorProto.FLOAT, dims))
    whole = node("Concat", shape, constant([d]), axis=0)
    graph.nodes.append(helper.make_node("Reshape", [resid, whole], ["resid_post"]))
    dims = ["batch", "tokens", d]
    outputs.append(helper.make_tensor_value_info("resid_post", TensorProto.FLOAT, dims))
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "tokens"])
    made = helper.make_graph(graph.nodes, "gpt2", [ids], outputs, graph.initializers)
    # The oldest opset with Gelu.
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


if __name__ == "__main__":
    model_folder, file = sys.argv[1:]
    onnx.save_model(build(Path(model_folder)), file)
