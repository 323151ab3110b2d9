//! Reads a capture line by line, however long it is.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use rehab_hub::source::capture::CaptureLine;

use crate::output;

pub(crate) struct Capture<'a> {
    path: &'a Path,
    lines: BufReader<File>,
    skip_bad: bool,
    /// The number of the line that was read last, from 1.
    pub(crate) number: usize,
    /// Malformed lines that were skipped, each named on standard error.
    pub(crate) bad: u64,
}

impl<'a> Capture<'a> {
    pub(crate) fn open(path: &'a Path, skip_bad: bool) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open the capture {}", path.display()))?;
        Ok(Self { path, lines: BufReader::new(file), skip_bad, number: 0, bad: 0 })
    }

    /// The next good line behind the first `from`, as it was written and as what it means.
    pub(crate) fn next_behind(&mut self, from: usize) -> Result<Option<(String, CaptureLine)>> {
        let name = self.path.display();
        loop {
            let mut text = String::new();
            self.number += 1;
            let number = self.number;
            let read = self.lines.read_line(&mut text);
            if read.with_context(|| format!("cannot read line {number} of {name}"))? == 0 {
                return Ok(None);
            }
            let text = text.trim();
            if number <= from || text.is_empty() {
                continue;
            }
            match CaptureLine::parse(text) {
                Ok(line) => return Ok(Some((text.to_owned(), line))),
                Err(reason) if self.skip_bad => {
                    self.bad += 1;
                    output::complain(&anyhow!("{name}:{number} skipped: {reason}"));
                }
                Err(reason) => bail!("{name}:{number}: {reason}; mend the line, or skip it with --skip-bad"),
            }
        }
    }
}
