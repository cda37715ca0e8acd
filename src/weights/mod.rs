//! Model files: what they hold, which bytes a study needs, and where those come
//! from.
//!
//! [`Config`] and [`Index`] read the two small descriptions. A [`Loader`] turns
//! wanted [`Part`]s into byte ranges ([`plan`]), takes what a [`Kept, Store`] has, asks a
//! [`ByteSource`] for the rest, and checks it against a [`Manifest`]. Several files
//! are read as one by a [`ShardedSource`].

mod config;
mod decode;
mod error;
mod found;
mod index;
mod load;
mod manifest;
pub mod plan;
mod python;
mod shards;
mod source;
mod store;

pub use config::{Activation, Config, LM_HEAD, ScoreScale, TokenizerHints, Unembedding};
pub use error::{ConfigError, IndexError, LoadError, SourceError};
pub use found::found_in;
pub use index::{Dtype, Index, Span};
pub use load::{Arrived, Checked, HEADER_GUESS, Ledger, Loader, cost, key, read_header};
pub use manifest::{Manifest, sha256};
pub use plan::{Fetch, LocatedPart, Part, REQUEST_COST, bytes_of};
pub use shards::{ShardMap, ShardedSource, of_file};
pub use source::{ByteSource, MemorySource};
pub use store::{Kept, MemoryStore, Store};
