//! What can be wrong with a model's files. Every message names the culprit.

/// A `config.json` that does not describe a GPT-2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not JSON, or a field has the wrong type.
    #[error("config.json cannot be read: {0}")]
    Json(String),
    /// A field that every GPT-2 has is absent.
    #[error("config.json has no field \"{0}\"")]
    Missing(&'static str),
    /// A field has a value that this program cannot run.
    #[error("config.json says {field} = {value}, and {wanted}")]
    Unsupported {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What would have been acceptable, as the end of a sentence.
        wanted: String,
    },
}

/// A `model.safetensors` whose header is wrong or is not GPT-2's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The file is too short to have a header.
    #[error("model.safetensors has {0} bytes, too few for a safetensors file")]
    TooShort(u64),
    /// The length in the first eight bytes is not that of a header.
    #[error("model.safetensors claims a header of {0} bytes: it is not a safetensors file")]
    HeaderLength(u64),
    /// The header is not the JSON that the format asks for.
    #[error("the header of model.safetensors cannot be read: {0}")]
    Json(String),
    /// The tensors do not follow one another without gap or overlap.
    #[error("tensor {0} does not begin where the one before it ends")]
    Offsets(String),
    /// Length, shape and type of a tensor do not agree.
    #[error("tensor {tensor} has {bytes} bytes, and {dtype} {shape:?} needs {needed}")]
    Size {
        /// Name of the tensor.
        tensor: String,
        /// Bytes by its offsets.
        bytes: u64,
        /// Its type as written.
        dtype: String,
        /// Its shape as written.
        shape: Vec<u64>,
        /// Bytes by its shape and type.
        needed: u64,
    },
    /// The shape of a tensor multiplies beyond 64 bits.
    #[error("the shape of tensor {0} is too large")]
    Overflow(String),
    /// The file ends before its last tensor does, or goes on after it.
    #[error(
        "model.safetensors has {found} bytes and its header describes {expected}: it is truncated or damaged"
    )]
    FileLength {
        /// Length of the file.
        found: u64,
        /// Length by the header.
        expected: u64,
    },
    /// A tensor of the architecture is absent.
    #[error("model.safetensors has no tensor {0}")]
    Missing(String),
    /// A tensor has another shape than config.json implies.
    #[error("tensor {tensor} has shape {found:?}, and config.json asks for {expected:?}")]
    Shape {
        /// Name of the tensor.
        tensor: String,
        /// Shape in the file.
        found: Vec<u64>,
        /// Shape by config.json.
        expected: Vec<u64>,
    },
    /// A tensor is of a type that is not read here.
    #[error("tensor {tensor} is of type {dtype}; F32, F16 and BF16 can be read")]
    Dtype {
        /// Name of the tensor.
        tensor: String,
        /// Its type as written.
        dtype: String,
    },
}

/// Why bytes did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The visitor cancelled; nothing is wrong.
    #[error("cancelled")]
    Cancelled,
    /// No answer: no network, no such host, or a host that does not let other
    /// sites read its files. A browser tells these apart for nobody.
    #[error("{host} did not answer, or does not let this page read its files (CORS)")]
    Unreachable {
        /// The host that was asked.
        host: String,
    },
    /// The host has no such file.
    #[error("{host} has no file {file} (status {status})")]
    NotFound {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
        /// The HTTP status.
        status: u16,
    },
    /// Another refusal.
    #[error("{host} answered {file} with status {status}")]
    Status {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host went silent in the middle of an answer.
    #[error("{host} stopped sending {file}")]
    Stalled {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
    },
    /// The host sent another part of the file than was asked for.
    #[error("{host} sent {file} from byte {start} on, not from {asked}")]
    OtherRange {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
        /// First byte asked for.
        asked: u64,
        /// First byte sent.
        start: u64,
    },
    /// A file that should be small is not.
    #[error("{host} sends far more than a {file} has")]
    TooLarge {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
    },
    /// The file is not the one that earlier parts were taken from.
    #[error("{file} on {host} has changed since parts of it were stored here")]
    Changed {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
    },
    /// A file on the visitor's disk was changed, moved or cannot be read.
    #[error("{file} cannot be read from disk any more")]
    Disk {
        /// Name of the file.
        file: String,
    },
    /// The answer ended early.
    #[error("{host} broke off {file}: {found} of {expected} bytes came")]
    Short {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
        /// Bytes that came.
        found: u64,
        /// Bytes asked for.
        expected: u64,
    },
    /// The host would not tell how long the file is.
    #[error("{host} does not say how long {file} is (it has to expose Content-Range)")]
    NoLength {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
    },
}

/// Why weights could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The bytes did not come.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// config.json is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The header of model.safetensors is wrong.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Another number of bytes came than the tensor has.
    #[error("tensor {0} arrived with a wrong length twice")]
    Length(String),
    /// A tensor is not the published one, twice in a row.
    #[error("tensor {0} arrived damaged twice: its SHA-256 is not the published one")]
    Hash(String),
    /// A number in a tensor is not finite.
    #[error("tensor {0} holds a value that is not a finite number, twice in a row")]
    NotFinite(String),
}
