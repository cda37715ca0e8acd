//! Model files: what they hold, which bytes a study needs, and where those come
//! from.
//!
//! [`Config`] and [`Index`] read the two small descriptions. A [`Loader`] turns
//! wanted [`Part`]s into byte ranges ([`plan`]), takes what a [`Store`] has, asks a
//! [`ByteSource`] for the rest, and checks it against a [`Manifest`].

mod config;
mod decode;
mod error;
mod index;
mod load;
mod manifest;
pub mod plan;
mod source;
mod store;

pub use config::Config;
pub use error::{ConfigError, IndexError, LoadError, SourceError};
pub use index::{Dtype, Index, Span};
pub use load::{Arrived, Begun, Loader, cost, key, read_header};
pub use manifest::{Manifest, sha256};
pub use plan::{Fetch, Part, Piece, REQUEST_COST, bytes_of};
pub use source::{ByteSource, MemorySource};
pub use store::{MemoryStore, Store};
