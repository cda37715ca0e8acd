//! `config.json`: the sizes of a GPT-2.

use super::{ConfigError, IndexError, LoadError, python};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Sizes of a GPT-2, under TransformerLens' names, and what else tells its
/// arithmetic and its tokenizer.
#[derive(Debug, Clone, PartialEq, Default)]
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
    /// Activation function of the MLPs.
    pub activation: Activation,
    /// What attention scores are multiplied by.
    pub score_scale: ScoreScale,
    /// Which table turns the last residual stream into logits.
    pub unembedding: Unembedding,
    /// What config.json says of the tokenizer.
    pub tokenizer: TokenizerHints,
}

/// Activation functions of published GPT-2s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Activation {
    /// GELU in the tanh form, which GPT-2 was trained with.
    #[default]
    Tanh,
    /// The exact GELU, x Φ(x).
    Erf,
}

impl Activation {
    /// By transformers' name (`ACT2FN` in its activations.py).
    fn of(name: &str) -> Option<Self> {
        match name {
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" | "gelu_accurate" => Some(Self::Tanh),
            "gelu" | "gelu_python" => Some(Self::Erf),
            _ => None,
        }
    }
}

/// What attention scores are multiplied by before their softmax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreScale {
    /// 1/√d_head (`scale_attn_weights`).
    pub by_width: bool,
    /// 1/(l + 1) in layer l (`scale_attn_by_inverse_layer_idx`).
    pub by_layer: bool,
}

impl Default for ScoreScale {
    fn default() -> Self {
        Self { by_width: true, by_layer: false }
    }
}

impl ScoreScale {
    /// The factor in layer `l`, for heads of this width.
    #[must_use]
    pub fn of(self, l: usize, d_head: usize) -> f32 {
        let by_width = if self.by_width { 1.0 / (d_head as f32).sqrt() } else { 1.0 };
        if self.by_layer { by_width / (l + 1) as f32 } else { by_width }
    }
}

/// Which table turns the last residual stream into logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unembedding {
    /// `wte.weight`, which also embeds; a file's `lm_head.weight` is then a copy, and
    /// transformers does not read it.
    Tied,
    /// `lm_head.weight` if the file has it, else `wte.weight`: config.json is silent.
    #[default]
    AsTheFile,
    /// `lm_head.weight`.
    Own,
}

/// What config.json says of the tokenizer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenizerHints {
    /// `tokenizer_class`.
    pub class: Option<String>,
    /// `bos_token_id`.
    pub bos: Option<u32>,
    /// `eos_token_id`, of which there may be several.
    pub eos: Vec<u32>,
}

/// Most tokens of a vocabulary; no byte-level BPE of a published GPT-2 has so many.
const MOST_WORDS: usize = 300_000;
/// GPT-2's own number of tokens, and that padded to whole blocks of up to 256 rows.
const GPT2_WORDS: std::ops::RangeInclusive<usize> = 50_257..=50_432;
/// Name of the table that turns the last residual stream into logits.
pub const LM_HEAD: &str = "lm_head.weight";

/// What files without a model_type call a GPT-2.
const ARCHITECTURES: [&str; 3] = ["GPT2LMHeadModel", "GPT2Model", "GPT2DoubleHeadsModel"];

/// The fields of the file that matter here. Flags that change the arithmetic are
/// read so that they can be refused. Sizes are any value at first, so that a wrong
/// one is told by its name, and go by GPT-2's names or by those that other models
/// have for them.
#[derive(Deserialize)]
struct Fields {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
    n_layer: Option<Value>,
    num_hidden_layers: Option<Value>,
    n_head: Option<Value>,
    num_attention_heads: Option<Value>,
    n_embd: Option<Value>,
    hidden_size: Option<Value>,
    n_inner: Option<Value>,
    n_positions: Option<Value>,
    n_ctx: Option<Value>,
    max_position_embeddings: Option<Value>,
    vocab_size: Option<Value>,
    layer_norm_epsilon: Option<Value>,
    activation_function: Option<String>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    tie_word_embeddings: Option<bool>,
    tokenizer_class: Option<String>,
    bos_token_id: Option<Value>,
    eos_token_id: Option<Value>,
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
        let json = python::json(json);
        let fields: Fields = serde_json::from_slice(&json).map_err(|e| ConfigError::Json(e.to_string()))?;
        let architectures = fields.architectures.unwrap_or_default();
        let named = architectures.iter().any(|name| ARCHITECTURES.contains(&name.as_str()));
        let architecture = fields.model_type.or_else(|| named.then(|| "gpt2".to_owned()));
        let architecture = architecture.ok_or(ConfigError::Missing("model_type"))?;
        if architecture != "gpt2" {
            return Err(unsupported(
                "model_type",
                &format!("\"{architecture}\""),
                "only \"gpt2\" can be run",
            ));
        }
        let activation = fields.activation_function.unwrap_or_else(|| "gelu_new".to_owned());
        let Some(activation) = Activation::of(&activation) else {
            let value = format!("\"{activation}\"");
            return Err(unsupported("activation_function", &value, "\"gelu_new\" and \"gelu\" can be run"));
        };
        let d_model = within("n_embd", fields.n_embd.or(fields.hidden_size), 1..=1600)?;
        let n_head = within("n_head", fields.n_head.or(fields.num_attention_heads), 1..=64)?;
        if !d_model.is_multiple_of(n_head) {
            let wanted = format!("n_head = {n_head} does not divide it");
            return Err(unsupported("n_embd", &d_model.to_string(), &wanted));
        }
        let d_mlp = fields.n_inner.unwrap_or_else(|| (4 * d_model).into());
        let n_ctx = fields.n_positions.or(fields.n_ctx).or(fields.max_position_embeddings);
        let eps = fields.layer_norm_epsilon.unwrap_or_else(|| 1e-5.into());
        let Some(eps) = eps.as_f64().filter(|eps| *eps > 0.0 && *eps < 1.0) else {
            return Err(unsupported("layer_norm_epsilon", &eps.to_string(), "it has to lie between 0 and 1"));
        };
        Ok(Self {
            n_layer: within("n_layer", fields.n_layer.or(fields.num_hidden_layers), 1..=48)?,
            n_head,
            d_model,
            d_mlp: within("n_inner", Some(d_mlp), 1..=6400)?,
            n_ctx: within("n_positions", n_ctx, 2..=4096)?,
            d_vocab: within("vocab_size", fields.vocab_size, 2..=MOST_WORDS)?,
            eps,
            activation,
            score_scale: ScoreScale {
                by_width: fields.scale_attn_weights.unwrap_or(true),
                by_layer: fields.scale_attn_by_inverse_layer_idx.unwrap_or(false),
            },
            unembedding: match fields.tie_word_embeddings {
                Some(true) => Unembedding::Tied,
                Some(false) => Unembedding::Own,
                None => Unembedding::AsTheFile,
            },
            tokenizer: TokenizerHints {
                class: fields.tokenizer_class,
                bos: ids(fields.bos_token_id).first().copied(),
                eos: ids(fields.eos_token_id),
            },
        })
    }

    /// Sizes by the shapes in a header alone, for a file that came without its
    /// config.json. The number of heads leaves no trace in the shapes; every
    /// published GPT-2 has heads of width 64.
    ///
    /// # Errors
    ///
    /// [`LoadError::Index`] if the header is not one, or lacks a tensor of GPT-2;
    /// [`LoadError::Config`] if its sizes cannot be run, or if heads of width 64 do
    /// not make up the model's.
    pub fn from_header(header: &[u8]) -> Result<Self, LoadError> {
        const D_HEAD: u64 = 64;
        let tensors: Map<String, Value> =
            serde_json::from_slice(header).map_err(|e| IndexError::Json(e.to_string()))?;
        let size = |tensor: &str, i: usize| {
            let entry = tensors.get(tensor).or_else(|| tensors.get(&format!("transformer.{tensor}")));
            let size = entry.and_then(|entry| entry.get("shape")?.get(i)?.as_u64());
            size.ok_or_else(|| IndexError::Missing(tensor.to_owned()))
        };
        let d_model = size("wte.weight", 1)?;
        let n_layer = (0..).take_while(|l| size(&format!("h.{l}.ln_1.weight"), 0).is_ok()).count();
        let config = serde_json::json!({
            "model_type": "gpt2",
            "n_layer": n_layer,
            // A number that fits, where none is right, so that other faults come first.
            "n_head": if d_model.is_multiple_of(D_HEAD) { d_model / D_HEAD } else { 1 },
            "n_embd": d_model,
            "n_inner": size("h.0.mlp.c_fc.weight", 1)?,
            "n_positions": size("wpe.weight", 0)?,
            "vocab_size": size("wte.weight", 0)?,
        });
        let config = Self::from_json(config.to_string().as_bytes())
            .map_err(|error| ConfigError::ByShapes(Box::new(error)))?;
        if !d_model.is_multiple_of(D_HEAD) {
            return Err(ConfigError::Heads(d_model).into());
        }
        Ok(config)
    }

    /// Whether texts for a model without a tokenizer's files can be read by GPT-2's.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unsupported`] names the field that speaks against it.
    pub fn reads_as_gpt2(&self) -> Result<(), ConfigError> {
        let wanted = "there is no tokenizer.json to read texts by";
        let class = self.tokenizer.class.as_deref().unwrap_or("GPT2Tokenizer");
        if !["GPT2Tokenizer", "GPT2TokenizerFast"].contains(&class) {
            return Err(unsupported("tokenizer_class", &format!("\"{class}\""), wanted));
        }
        if !GPT2_WORDS.contains(&self.d_vocab) {
            let wanted = format!("{wanted}; GPT-2's own has {} tokens", GPT2_WORDS.start());
            return Err(unsupported("vocab_size", &self.d_vocab.to_string(), &wanted));
        }
        Ok(())
    }

    /// The table of the logits, if it is not that of the embedding: its name and shape.
    #[must_use]
    pub fn own_unembedding(&self) -> Option<(String, Vec<u64>)> {
        let shape = vec![self.d_vocab as u64, self.d_model as u64];
        (self.unembedding != Unembedding::Tied).then(|| (LM_HEAD.to_owned(), shape))
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

/// A token id, or a list of them; anything else is none.
fn ids(value: Option<Value>) -> Vec<u32> {
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match &value {
        Some(Value::Array(values)) => values.iter().filter_map(id).collect(),
        Some(value) => id(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A size that lies in its range; also one that is written as 4.0.
fn within(
    field: &'static str,
    value: Option<Value>,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, ConfigError> {
    let value = value.ok_or(ConfigError::Missing(field))?;
    let whole = value.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as usize);
    match whole.filter(|whole| range.contains(whole)) {
        Some(whole) => Ok(whole),
        None => {
            let wanted = format!("it has to be a whole number from {} to {}", range.start(), range.end());
            Err(unsupported(field, &value.to_string(), &wanted))
        }
    }
}

fn unsupported(field: &'static str, value: &str, wanted: &str) -> ConfigError {
    ConfigError::Unsupported { field, value: value.to_owned(), wanted: wanted.to_owned() }
}
