//! Model files: what they hold, which bytes a study needs, and where those come
//! from.
//!
//! [`Config`] and [`Index`] read the two small descriptions, [`plan`] turns
//! wanted [`Part`]s into byte ranges, a [`ByteSource`] brings them and [`load`]
//! turns them into numbers.

mod config;
mod decode;
mod error;
mod index;
mod load;
mod plan;
mod source;

pub use config::Config;
pub use error::{ConfigError, IndexError, LoadError, SourceError};
pub use index::{Dtype, Index, Span};
pub use load::{load, read_index};
pub use plan::{Fetch, Part, Piece, REQUEST_COST, bytes_of, plan};
pub use source::{ByteSource, MemorySource};
