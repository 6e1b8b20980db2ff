//! What is made of a complete file: plain functions over bytes, with bounds on everything, run beside the requests.
//!
//! A file that passes a bound, or is not what it says, is rejected for a coded reason; it never costs more than its bounds.

pub mod apart;
pub mod archive;
pub mod epub;
pub mod image;
mod navigation;
mod package;
pub mod pdf;
pub mod xml;

use std::fs::File;
use std::io::{Read as _, Seek as _};

use crate::config::ContentLimits;
use crate::model::{Details, Index, Reason};

/// Widths that pictures come in.
pub const WIDTHS: [u32; 3] = [160, 320, 640];

/// Why nothing came of a file.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It is not acceptable.
    #[error("rejected: {}", .0.as_str())]
    Rejected(Reason),
    /// It could not be read, which is no fault of the file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<Reason> for ProcessError {
    fn from(reason: Reason) -> Self {
        Self::Rejected(reason)
    }
}

/// What came of a file.
#[derive(Debug, Default)]
pub struct Processed {
    /// What was found in it.
    pub details: Details,
    /// WebP pictures by their width, rising.
    pub pictures: Vec<(u32, Vec<u8>)>,
    /// Where everything lies in an EPUB.
    pub index: Option<Index>,
}

/// Looks at a file of a sniffed media type.
///
/// # Errors
/// Why it is rejected, or that it cannot be read.
pub fn process(
    mut file: File,
    media_type: &str,
    limits: &ContentLimits,
) -> Result<Processed, ProcessError> {
    match media_type {
        "application/epub+zip" => Ok(epub::read(file, limits)?),
        kind => {
            let mut bytes =
                Vec::with_capacity(usize::try_from(file.metadata()?.len()).unwrap_or(0));
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            match kind {
                "application/pdf" => Ok(Processed {
                    details: pdf::read(&bytes, limits)?,
                    ..Processed::default()
                }),
                _ => {
                    let pictures = image::sizes(&bytes, limits)?;
                    let details = Details {
                        widths: pictures.iter().map(|(width, _)| *width).collect(),
                        ..Details::default()
                    };
                    Ok(Processed {
                        details,
                        pictures,
                        index: None,
                    })
                }
            }
        }
    }
}
