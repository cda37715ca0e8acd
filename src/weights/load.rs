//! From byte ranges to numbers.

use super::decode::Decoder;
use super::{ByteSource, Config, Fetch, Index, IndexError, LoadError, Part};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Requests in flight at once; browsers allow six to a host.
const CONCURRENT: usize = 6;

/// Reads the header of a `model.safetensors`.
///
/// # Errors
///
/// [`LoadError::Source`] if the bytes do not come, [`LoadError::Index`] if they
/// are not the header of such a model.
pub async fn read_index(source: &impl ByteSource, config: &Config) -> Result<Index, LoadError> {
    let file_len = source.length().await?;
    if file_len < 8 {
        return Err(IndexError::TooShort(file_len).into());
    }
    let mut first = Vec::new();
    source.read(0..8, &mut |bytes| first.extend_from_slice(bytes)).await?;
    let first = first.try_into().map_err(|_| IndexError::TooShort(file_len))?;
    let range = Index::header_bytes(first, file_len)?;
    let mut header = Vec::new();
    source.read(range, &mut |bytes| header.extend_from_slice(bytes)).await?;
    Ok(Index::parse(&header, file_len, config)?)
}

/// Brings the parts of a plan and gives each to `receive` as soon as it is
/// whole; `arrived` hears of every run of bytes. What was received stays
/// received when a later part fails.
///
/// # Errors
///
/// The first [`LoadError`] of any fetch.
pub async fn load(
    source: &impl ByteSource,
    index: &Index,
    fetches: &[Fetch],
    arrived: &dyn Fn(usize),
    mut receive: impl FnMut(Part, Vec<f32>),
) -> Result<(), LoadError> {
    let read_all = stream::iter(fetches).map(|fetch| read(source, index, fetch, arrived));
    let mut parts = read_all.buffer_unordered(CONCURRENT);
    while let Some(parts) = parts.try_next().await? {
        for (part, numbers) in parts {
            receive(part, numbers);
        }
    }
    Ok(())
}

/// Reads one range and decodes the pieces in it.
async fn read(
    source: &impl ByteSource,
    index: &Index,
    fetch: &Fetch,
    arrived: &dyn Fn(usize),
) -> Result<Vec<(Part, Vec<f32>)>, LoadError> {
    let mut decoders = Vec::with_capacity(fetch.pieces.len());
    for piece in &fetch.pieces {
        let span = index.span(&piece.part.tensor)?;
        decoders.push(Decoder::new(span.dtype, piece.part.rows.len() * span.row_len()));
    }
    let mut at = fetch.bytes.start;
    source
        .read(fetch.bytes.clone(), &mut |bytes| {
            let chunk = at..at + bytes.len() as u64;
            for (piece, decoder) in fetch.pieces.iter().zip(&mut decoders) {
                let from = piece.bytes.start.max(chunk.start);
                let to = piece.bytes.end.min(chunk.end);
                if from < to {
                    decoder.push(&bytes[(from - chunk.start) as usize..(to - chunk.start) as usize]);
                }
            }
            at = chunk.end;
            arrived(bytes.len());
        })
        .await?;
    let mut parts = Vec::with_capacity(decoders.len());
    for (piece, decoder) in fetch.pieces.iter().zip(decoders) {
        let numbers = decoder.finish();
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(LoadError::NotFinite(piece.part.tensor.clone()));
        }
        parts.push((piece.part.clone(), numbers));
    }
    Ok(parts)
}
