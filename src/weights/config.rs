//! `config.json`: the sizes of a GPT-2.

use super::ConfigError;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Sizes of a GPT-2, under TransformerLens' names.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Layers.
    pub n_layer: usize,
    /// Heads in each layer.
    pub n_head: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of a layer's MLP.
    pub d_mlp: usize,
    /// Longest prompt, in tokens.
    pub n_ctx: usize,
    /// Rows of the token embedding.
    pub d_vocab: usize,
    /// Added to the variance in layer norms.
    pub eps: f64,
}

/// GPT-2's own vocabulary; the prompts are written in it.
const D_VOCAB: usize = 50_257;

/// The fields of the file that matter here. Flags that change the arithmetic are
/// read so that they can be refused.
#[derive(Deserialize)]
struct Fields {
    model_type: Option<String>,
    n_layer: Option<usize>,
    n_head: Option<usize>,
    n_embd: Option<usize>,
    n_inner: Option<usize>,
    n_positions: Option<usize>,
    n_ctx: Option<usize>,
    vocab_size: Option<usize>,
    layer_norm_epsilon: Option<f64>,
    activation_function: Option<String>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    tie_word_embeddings: Option<bool>,
}

impl Config {
    /// Width of one head.
    #[must_use]
    pub fn d_head(&self) -> usize {
        self.d_model / self.n_head
    }

    /// Reads a published `config.json`, up to GPT-2 XL's sizes.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the field that is absent or cannot be run.
    pub fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        let fields: Fields = serde_json::from_slice(json).map_err(|e| ConfigError::Json(e.to_string()))?;
        let architecture = fields.model_type.unwrap_or_default();
        if architecture != "gpt2" {
            return Err(unsupported(
                "model_type",
                &format!("\"{architecture}\""),
                "only \"gpt2\" can be run",
            ));
        }
        let activation = fields.activation_function.unwrap_or_else(|| "gelu_new".to_owned());
        if !["gelu_new", "gelu_pytorch_tanh"].contains(&activation.as_str()) {
            let value = format!("\"{activation}\"");
            return Err(unsupported("activation_function", &value, "GPT-2's is \"gelu_new\""));
        }
        if fields.scale_attn_weights == Some(false) {
            return Err(unsupported("scale_attn_weights", "false", "GPT-2 scales its attention scores"));
        }
        if fields.scale_attn_by_inverse_layer_idx == Some(true) {
            let field = "scale_attn_by_inverse_layer_idx";
            return Err(unsupported(field, "true", "GPT-2 does not scale by layer"));
        }
        if fields.tie_word_embeddings == Some(false) {
            let wanted = "GPT-2 reads and writes words by one table";
            return Err(unsupported("tie_word_embeddings", "false", wanted));
        }
        let d_model = within("n_embd", fields.n_embd, 1..=1600)?;
        let n_head = within("n_head", fields.n_head, 1..=64)?;
        if !d_model.is_multiple_of(n_head) {
            let wanted = format!("n_head = {n_head} does not divide it");
            return Err(unsupported("n_embd", &d_model.to_string(), &wanted));
        }
        let d_mlp = fields.n_inner.unwrap_or(4 * d_model);
        let eps = fields.layer_norm_epsilon.unwrap_or(1e-5);
        if !(eps > 0.0 && eps < 1.0) {
            return Err(unsupported("layer_norm_epsilon", &eps.to_string(), "it has to lie between 0 and 1"));
        }
        Ok(Self {
            n_layer: within("n_layer", fields.n_layer, 1..=48)?,
            n_head,
            d_model,
            d_mlp: within("n_inner", Some(d_mlp), 1..=6400)?,
            n_ctx: within("n_positions", fields.n_positions.or(fields.n_ctx), 2..=4096)?,
            d_vocab: within("vocab_size", fields.vocab_size, D_VOCAB..=2 * D_VOCAB)?,
            eps,
        })
    }

    /// Sizes by the shapes in a header alone, for a file that came without its
    /// config.json. The number of heads leaves no trace in the shapes; every
    /// published GPT-2 has heads of width 64.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the shapes are not those of a GPT-2.
    pub fn from_header(header: &[u8]) -> Result<Self, ConfigError> {
        const D_HEAD: usize = 64;
        let tensors: Map<String, Value> =
            serde_json::from_slice(header).map_err(|e| ConfigError::Json(e.to_string()))?;
        let size = |tensor: &str, i: usize| {
            let entry = tensors.get(tensor).or_else(|| tensors.get(&format!("transformer.{tensor}")))?;
            entry.get("shape")?.get(i)?.as_u64()
        };
        let d_model = size("wte.weight", 1).unwrap_or(0) as usize;
        let n_layer = (0..).take_while(|l| size(&format!("h.{l}.ln_1.weight"), 0).is_some()).count();
        let config = serde_json::json!({
            "model_type": "gpt2",
            "n_layer": n_layer,
            "n_head": d_model / D_HEAD,
            "n_embd": d_model,
            "n_inner": size("h.0.mlp.c_fc.weight", 1),
            "n_positions": size("wpe.weight", 0),
            "vocab_size": size("wte.weight", 0),
        });
        Self::from_json(config.to_string().as_bytes())
    }

    /// The architecture's tensors, named as published, with their shapes.
    pub fn tensors(&self) -> impl Iterator<Item = (String, Vec<u64>)> {
        let [d, m] = [self.d_model as u64, self.d_mlp as u64];
        let ends = [
            ("wte.weight", vec![self.d_vocab as u64, d]),
            ("wpe.weight", vec![self.n_ctx as u64, d]),
            ("ln_f.weight", vec![d]),
            ("ln_f.bias", vec![d]),
        ];
        // Conv1D weights stand as (in, out).
        let layer = [
            ("ln_1.weight", vec![d]),
            ("ln_1.bias", vec![d]),
            ("attn.c_attn.weight", vec![d, 3 * d]),
            ("attn.c_attn.bias", vec![3 * d]),
            ("attn.c_proj.weight", vec![d, d]),
            ("attn.c_proj.bias", vec![d]),
            ("ln_2.weight", vec![d]),
            ("ln_2.bias", vec![d]),
            ("mlp.c_fc.weight", vec![d, m]),
            ("mlp.c_fc.bias", vec![m]),
            ("mlp.c_proj.weight", vec![m, d]),
            ("mlp.c_proj.bias", vec![d]),
        ];
        let layers = (0..self.n_layer).flat_map(move |l| {
            layer.clone().into_iter().map(move |(name, shape)| (format!("h.{l}.{name}"), shape))
        });
        ends.into_iter().map(|(name, shape)| (name.to_owned(), shape)).chain(layers)
    }
}

fn within(
    field: &'static str,
    value: Option<usize>,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, ConfigError> {
    let value = value.ok_or(ConfigError::Missing(field))?;
    if range.contains(&value) {
        return Ok(value);
    }
    let wanted = format!("it has to lie between {} and {}", range.start(), range.end());
    Err(unsupported(field, &value.to_string(), &wanted))
}

fn unsupported(field: &'static str, value: &str, wanted: &str) -> ConfigError {
    ConfigError::Unsupported { field, value: value.to_owned(), wanted: wanted.to_owned() }
}
