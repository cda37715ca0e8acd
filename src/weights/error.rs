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
    /// Sizes that were read off the shapes, and that this program cannot run.
    #[error("{}", .0.to_string().replace("config.json says", "by its shapes, model.safetensors has"))]
    ByShapes(Box<ConfigError>),
    /// Shapes that do not tell the number of heads.
    #[error(
        "model.safetensors does not say how many heads a layer has: published GPT-2s have heads of \
         width 64, and this one is {0} wide"
    )]
    Heads(u64),
}

/// A `model.safetensors` whose header is wrong or is not GPT-2's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The file is too short to have a header.
    #[error("model.safetensors has {0} bytes, too few for a safetensors file")]
    TooShort(u64),
    /// The length in the first eight bytes is not that of a header.
    #[error("model.safetensors is not a safetensors file: it does not begin with a header")]
    HeaderLength(u64),
    /// The first bytes show another file.
    #[error("model.safetensors is {0}")]
    OtherFile(&'static str),
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
    /// The list of several files cannot be read.
    #[error("model.safetensors.index.json cannot be read: {0}")]
    ShardMap(String),
    /// The list names something else than a safetensors file beside it.
    #[error("model.safetensors.index.json names \"{0}\", which is no safetensors file in its folder")]
    ShardName(String),
    /// The list names the wrong file for a tensor.
    #[error("model.safetensors.index.json says that tensor {tensor} is in {file}, where it is not")]
    NotInShard {
        /// Name of the tensor.
        tensor: String,
        /// Name of the file.
        file: String,
    },
    /// A tensor stands in two files.
    #[error("tensor {0} is in two of the model's files")]
    Twice(String),
    /// A file of another name is wrong.
    #[error("{}", .error.to_string().replace("model.safetensors", .file))]
    InFile {
        /// Name of the file.
        file: String,
        /// What is wrong with it.
        error: Box<IndexError>,
    },
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
    /// The model is there, but not as safetensors.
    #[error("{host} has this model as {file} and not as model.safetensors")]
    OtherFormat {
        /// The host that was asked.
        host: String,
        /// Name of the file that it has.
        file: String,
    },
    /// The host refuses: to everybody without a login, or to pages of other sites.
    #[error("{host} does not give {file} without a login (status {status})")]
    Login {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host had too many requests from this visitor's address.
    #[error("{host} had too many requests from your network and asks for a pause of {minutes} min")]
    Busy {
        /// The host that was asked.
        host: String,
        /// Length of the pause.
        minutes: u32,
    },
    /// Something else came in the file's place.
    #[error("{host} sends {found} in place of {file}")]
    OtherFile {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
        /// What came.
        found: &'static str,
    },
    /// The host gives the file but no ranges of it: it compresses them, so that they
    /// are not the file's bytes, or refuses them. A browser does not tell which.
    #[error(
        "{host} packs {file} (Content-Encoding) or refuses ranges of it, so that no part of it can be read"
    )]
    Packed {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
    },
    /// A file whose address names its version has another length than that version.
    #[error("{host} says that {file} has {found} bytes, and it has {expected}")]
    OtherLength {
        /// The host that was asked.
        host: String,
        /// Name of the file.
        file: String,
        /// Length that the host tells.
        found: u64,
        /// Length that is known.
        expected: u64,
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
    #[error("{file} on {host} has changed since parts of it were read or stored here")]
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
