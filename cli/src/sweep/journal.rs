//! What a shard has computed so far, a line a seed, so that it can be killed at any time.

use super::Job;
use super::table::{self, Rows};
use crate::output::beside;
use anyhow::{Context, Result, bail};
use headscope::web::Settings;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Rows that are written at once.
const ROWS_AT_ONCE: usize = 1 << 20;

/// The scores of one seed, in the order of the job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    pub seed: u32,
    /// Scored prompts.
    pub n: usize,
    /// Of every head.
    pub baseline: Vec<Option<f64>>,
    /// Of every ablation and every head above it.
    pub ablated: Vec<Vec<Option<f64>>>,
}

impl Noted {
    /// A seed of which nothing can be scored.
    pub fn nothing(seed: u32, job: &Job) -> Self {
        let ablated = job.ablations.iter().map(|part| job.heads_above(*part).map(|_| None).collect());
        Self { seed, n: 0, baseline: vec![None; job.heads.len()], ablated: ablated.collect() }
    }
}

/// The notes of a shard, which one process at a time writes.
pub struct Journal {
    /// What it becomes.
    output: PathBuf,
    path: PathBuf,
    file: File,
    noted: usize,
}

impl Journal {
    /// Opens the notes beside `output`, or begins them; nothing if the shard is complete.
    /// While another process writes them, this one waits if it may.
    pub fn open(output: &Path, job: &Job, wait: bool) -> Result<Option<Self>> {
        let path = beside(output, "partial");
        let shown = || format!("{} cannot be written", path.display());
        let options = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.with_context(shown)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if wait => file.lock().with_context(shown)?,
            Err(TryLockError::WouldBlock) => bail!("{} is being written by another process", path.display()),
            Err(TryLockError::Error(error)) => return Err(error).with_context(shown),
        }
        let wanted = serde_json::to_string(job)?;
        if output.exists() {
            if table::job_of(output)?.as_deref() != Some(wanted.as_str()) {
                fs::remove_file(&path).ok();
                bail!("{} is there already and not of this sweep; give another file", output.display());
            }
            // Whoever wrote it may have ended before it took its notes away.
            remove(&path).with_context(shown)?;
            return Ok(None);
        }
        let mut lines = Lines::new(&file);
        match lines.next()? {
            Some(line) if line != wanted => {
                bail!("{} holds notes of another sweep; remove it or give another file", path.display());
            }
            None => lines.whole = 0,
            Some(_) => {}
        }
        let mut noted = 0;
        if lines.whole > 0 {
            while let Some(line) = lines.next()? {
                let one: Noted =
                    serde_json::from_str(&line).with_context(|| format!("{} is damaged", path.display()))?;
                if job.seeds.get(noted) != Some(&one.seed) {
                    bail!("{} is damaged: seed {} is out of its order", path.display(), one.seed);
                }
                noted += 1;
            }
        }
        let whole = lines.whole;
        // A line that was being written when the process ended is written anew.
        file.set_len(whole).with_context(shown)?;
        file.seek(SeekFrom::Start(whole)).with_context(shown)?;
        if whole == 0 {
            file.write_all(format!("{wanted}\n").as_bytes()).with_context(shown)?;
        }
        Ok(Some(Self { output: output.to_owned(), path, file, noted }))
    }

    /// How many seeds are done.
    pub fn noted(&self) -> usize {
        self.noted
    }

    /// Notes a seed, for good.
    pub fn note(&mut self, noted: &Noted) -> Result<()> {
        let line = serde_json::to_string(noted)? + "\n";
        let shown = || format!("{} cannot be written", self.path.display());
        self.file.write_all(line.as_bytes()).with_context(shown)?;
        self.file.sync_data().with_context(shown)?;
        self.noted += 1;
        Ok(())
    }

    /// Makes the table of the notes, which then go. Gives its number of rows.
    pub fn finish(mut self, job: &Job, settings: &Settings) -> Result<usize> {
        self.file.rewind()?;
        let new = beside(&self.output, "new");
        let mut table = table::Table::begin(&new, &serde_json::to_string(job)?)?;
        let mut lines = Lines::new(&self.file);
        let (mut rows, mut all) = (Rows::default(), 0);
        lines.next()?;
        while let Some(line) = lines.next()? {
            rows.add(&serde_json::from_str(&line)?, job, settings);
            if rows.count() >= ROWS_AT_ONCE {
                all += rows.count();
                table.write(&std::mem::take(&mut rows))?;
            }
        }
        all += rows.count();
        table.write(&rows)?;
        table.end()?;
        let shown = || format!("{} cannot be written", self.output.display());
        fs::rename(&new, &self.output).with_context(shown)?;
        remove(&self.path).with_context(shown)?;
        Ok(all)
    }
}

/// Removes a file, which another process may have done before.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Lines that have their end.
struct Lines<'a> {
    reader: BufReader<&'a File>,
    /// Bytes of those that were read.
    whole: u64,
}

impl<'a> Lines<'a> {
    fn new(file: &'a File) -> Self {
        Self { reader: BufReader::new(file), whole: 0 }
    }

    fn next(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        self.whole += read as u64;
        Ok(Some(String::from_utf8(line)?))
    }
}
