//! Compression of an attempt's output after its end. The compressed file is written aside, fsynced, compared byte for
//! byte with the plain one, put in place by rename, and only then is the plain one removed: whenever it is cut, at
//! least one whole file is in place.

use super::OutputError;
use super::source::{PACKED, PLAIN, damaged, open};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;
use zeekstd::{Decoder, EncodeOptions, FrameSizePolicy};

/// Uncompressed bytes of a frame: what must be decompressed to read one line.
const FRAME: u32 = 256 * 1024;
/// A smaller file would not take fewer blocks of the disk.
const WORTH_IT: u64 = 4096;

/// Compresses the output in `dir` and gives back the bytes that it takes on the disk.
pub fn pack(dir: &Path, attempt: u32) -> Result<u64, OutputError> {
    let (plain, packed, aside) = (dir.join(PLAIN), dir.join(PACKED), dir.join("output.jsonl.zst.new"));
    let Some(file) = open(&plain)? else {
        return super::source::stored(dir);
    };
    let len = file.metadata()?.len();
    if len < WORTH_IT {
        return Ok(len);
    }
    let stored = write(&file, &aside)?;
    if !same(&plain, &aside)? {
        fs::remove_file(&aside)?;
        return Err(OutputError::StillWritten(attempt));
    }
    fs::rename(&aside, &packed)?;
    File::open(dir)?.sync_all()?;
    fs::remove_file(&plain)?;
    Ok(stored)
}

fn write(mut plain: &File, aside: &Path) -> Result<u64, OutputError> {
    let out = File::create(aside)?;
    let mut encoder = EncodeOptions::new()
        .frame_size_policy(FrameSizePolicy::Uncompressed(FRAME))
        .checksum_flag(true)
        .into_encoder(&out)
        .map_err(damaged)?;
    io::copy(&mut plain, &mut encoder)?;
    let stored = encoder.finish().map_err(damaged)?;
    out.sync_all()?;
    Ok(stored)
}

/// Whether the compressed file holds what the plain one holds now.
fn same(plain: &Path, packed: &Path) -> Result<bool, OutputError> {
    let mut plain = BufReader::new(File::open(plain)?);
    let mut packed = Decoder::new(File::open(packed)?).map_err(damaged)?;
    let (mut a, mut b) = (vec![0; FRAME as usize], vec![0; FRAME as usize]);
    loop {
        let n = fill(&mut plain, &mut a)?;
        if n != fill(&mut packed, &mut b)? || a[..n] != b[..n] {
            return Ok(false);
        }
        if n == 0 {
            return Ok(true);
        }
    }
}

/// Reads until `into` is full or there is nothing more.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < into.len() {
        match from.read(&mut into[n..])? {
            0 => break,
            more => n += more,
        }
    }
    Ok(n)
}
