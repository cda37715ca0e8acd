//! The Parquet file of a sweep.

use anyhow::{Context, Result};
use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Readers rely on the names and their order.
const COLUMNS: &str = "message sweep {
    required int64 seed;
    required int32 layer;
    required int32 head;
    optional binary component (utf8);
    optional binary kind (utf8);
    optional binary metric (utf8);
    optional binary target (utf8);
    required int32 n;
    optional double baseline;
    optional double ablated;
    optional double effect;
}";

/// Under which the file says of which sweep it is.
const JOB: &str = "headscope.sweep";

/// Rows, by column.
#[derive(Debug, Default)]
pub struct Rows {
    pub seed: Vec<i64>,
    pub layer: Vec<i32>,
    pub head: Vec<i32>,
    pub component: Vec<Option<String>>,
    pub kind: Vec<Option<String>>,
    pub metric: Vec<Option<String>>,
    pub target: Vec<Option<String>>,
    pub n: Vec<i32>,
    pub baseline: Vec<Option<f64>>,
    pub ablated: Vec<Option<f64>>,
    pub effect: Vec<Option<f64>>,
}

impl Rows {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.seed.len()
    }
}

/// A file that is being written.
pub struct Table {
    writer: SerializedFileWriter<File>,
}

impl Table {
    /// Begins a file that says of which job it is.
    pub fn begin(path: &Path, job: &str) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        let note = KeyValue::new(JOB.to_owned(), job.to_owned());
        let properties = WriterProperties::builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_key_value_metadata(Some(vec![note]))
            .build();
        let schema = Arc::new(parse_message_type(COLUMNS)?);
        Ok(Self { writer: SerializedFileWriter::new(file, schema, Arc::new(properties))? })
    }

    /// Writes rows.
    pub fn write(&mut self, rows: &Rows) -> Result<()> {
        if rows.count() == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        let texts = [&rows.component, &rows.kind, &rows.metric, &rows.target];
        let wholes = [&rows.layer, &rows.head, &rows.n];
        let numbers = [&rows.baseline, &rows.ablated, &rows.effect];
        let (mut texts, mut wholes, mut numbers) =
            (texts.into_iter(), wholes.into_iter(), numbers.into_iter());
        while let Some(mut column) = group.next_column()? {
            // Each type's columns come in their order.
            match column.untyped() {
                ColumnWriter::Int64ColumnWriter(_) => {
                    column.typed::<Int64Type>().write_batch(&rows.seed, None, None)?;
                }
                ColumnWriter::Int32ColumnWriter(_) => {
                    let values = wholes.next().map_or(&[][..], Vec::as_slice);
                    column.typed::<Int32Type>().write_batch(values, None, None)?;
                }
                ColumnWriter::ByteArrayColumnWriter(_) => {
                    let values = texts.next().map_or(&[][..], Vec::as_slice);
                    let present: Vec<ByteArray> =
                        values.iter().flatten().map(|text| ByteArray::from(text.as_str())).collect();
                    column.typed::<ByteArrayType>().write_batch(&present, Some(&levels(values)), None)?;
                }
                _ => {
                    let values = numbers.next().map_or(&[][..], Vec::as_slice);
                    let present: Vec<f64> = values.iter().flatten().copied().collect();
                    column.typed::<DoubleType>().write_batch(&present, Some(&levels(values)), None)?;
                }
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file, and has it on disk.
    pub fn end(self) -> Result<()> {
        let file = self.writer.into_inner()?;
        file.sync_all().context("the table cannot be written")
    }
}

/// Which values are there.
fn levels<T>(values: &[Option<T>]) -> Vec<i16> {
    values.iter().map(|value| i16::from(value.is_some())).collect()
}

/// The job that a file says it is of; nothing of a file that says none.
pub fn job_of(path: &Path) -> Result<Option<String>> {
    let shown = || format!("{} is there already and cannot be read as a sweep's table", path.display());
    let reader = SerializedFileReader::new(File::open(path).with_context(shown)?).with_context(shown)?;
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let note = notes.into_iter().flatten().find(|note| note.key == JOB);
    Ok(note.and_then(|note| note.value.clone()))
}
