//! `coko recommend evaluate`: how good the models are on ratings from a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::model::engine::collaborative::{Collaborative, TrainingOptions};
use crate::model::engine::evaluation::{Method, Numbers, Ratings, Split, judge};
use crate::model::engine::parallel::Watch;

/// Rows of which progress is told once.
const STEP: u64 = 4096;
/// What is liked where nothing is said: this share of the highest rating or more.
const LIKED: f32 = 0.7;

/// How to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where all randomness begins; one seed gives one result.
    pub seed: u64,
    /// The lowest rating that says that a book was liked; seven tenths of the highest when none is given.
    pub liked: Option<f32>,
    /// Most readers to test with.
    pub most_readers: usize,
    /// Threads to train and to test with.
    pub threads: usize,
}

/// Why a file cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is not CSV.
    #[error("the file is not CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A row is not what was expected.
    #[error("line {line}: expected user,item,rating with a number as the rating, found `{found}`")]
    Row {
        /// The line, from 1.
        line: u64,
        /// The row.
        found: String,
    },
    /// There is nothing to test with.
    #[error(
        "nobody in the file likes two books or more; expected user,item,rating with one row a rating"
    )]
    Nothing,
    /// Progress was told to stop.
    #[error("it was stopped")]
    Stopped,
}

/// Ratings from a file, split into what is trained on and what is held out.
#[derive(Debug)]
pub struct Evaluation {
    split: Split,
    options: Options,
    report: Report,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Readers in the file.
    pub readers: usize,
    /// Books in the file.
    pub books: usize,
    /// Ratings in the file.
    pub ratings: usize,
    /// The lowest rating that counts as liked.
    pub liked: f32,
    /// Readers of whom a liked book was held out.
    pub tested: usize,
    /// Seconds that training took.
    pub training_seconds: f64,
    /// Each way to recommend, the baselines first.
    pub methods: Vec<Judged>,
}

/// How good one way to recommend is.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// Which.
    pub method: &'static str,
    /// Normalised discounted cumulative gain of the first ten.
    pub ndcg_at_10: f32,
    /// How often what was held out is among the first ten.
    pub recall_at_10: f32,
    /// How much of the first ten was held out.
    pub precision_at_10: f32,
    /// How much of the catalogue is in the first ten of anyone.
    pub coverage: f32,
}

impl Evaluation {
    /// Reads ratings, one row each: user, item, rating, and whatever follows; a first row without a number as the rating is a header.
    /// `progress` is told bytes read and bytes in all.
    ///
    /// # Errors
    /// When the file cannot be read, or is not of this form, or has nobody to test with.
    pub fn read(
        file: &Path,
        options: Options,
        progress: impl Fn(u64, u64),
    ) -> Result<Self, EvaluationError> {
        let opened = File::open(file)?;
        let size = opened.metadata()?.len();
        let ratings = read(opened, |done| progress(done, size))?;
        let highest = ratings
            .ratings
            .iter()
            .fold(0.0, |most: f32, rating| most.max(rating.2));
        let liked = options.liked.unwrap_or(highest * LIKED);
        let split = Split::new(&ratings, liked, options.most_readers, options.seed);
        if split.held_out.is_empty() {
            return Err(EvaluationError::Nothing);
        }
        let report = Report {
            readers: ratings.readers,
            books: ratings.books,
            ratings: ratings.ratings.len(),
            liked,
            tested: split.held_out.len(),
            training_seconds: 0.0,
            methods: Vec::new(),
        };
        Ok(Self {
            split,
            options,
            report,
        })
    }

    /// Trains the models on what is not held out.
    ///
    /// # Errors
    /// When `watch` said to stop.
    pub fn train(&mut self, watch: &Watch<'_>) -> Result<Collaborative, EvaluationError> {
        let begun = Instant::now();
        let mut options = TrainingOptions::default();
        options.als.seed = self.options.seed;
        let threads = self.options.threads;
        let models = Collaborative::train(&self.split.training, &options, threads, watch)
            .ok_or(EvaluationError::Stopped)?;
        self.report.training_seconds = begun.elapsed().as_secs_f64();
        Ok(models)
    }

    /// Judges every way to recommend; `watch` is told lists made and lists in all.
    ///
    /// # Errors
    /// When `watch` said to stop.
    pub fn judge(
        mut self,
        models: &Collaborative,
        watch: &Watch<'_>,
    ) -> Result<Report, EvaluationError> {
        let each = self.split.held_out.len() as u64;
        let total = each * Method::ALL.len() as u64;
        let mut before = 0;
        for method in Method::ALL {
            let watch_method = |done: u64, _: u64| watch(before + done, total);
            let threads = self.options.threads;
            let quality = judge(&self.split, models, method, threads, &watch_method)
                .ok_or(EvaluationError::Stopped)?;
            self.report.methods.push(Judged {
                method: method.name(),
                ndcg_at_10: quality.ndcg,
                recall_at_10: quality.recall,
                precision_at_10: quality.precision,
                coverage: quality.coverage,
            });
            before += each;
        }
        Ok(self.report)
    }
}

fn read(source: impl Read, progress: impl Fn(u64)) -> Result<Ratings, EvaluationError> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(source);
    let (mut readers, mut books) = (Numbers::default(), Numbers::default());
    let mut ratings = Vec::new();
    let mut row = csv::StringRecord::new();
    let mut first = true;
    while rows.read_record(&mut row)? {
        let position = rows.position();
        if position.record().is_multiple_of(STEP) {
            progress(position.byte());
        }
        let is_first = std::mem::take(&mut first);
        let rating = row.get(2).and_then(|rating| rating.parse::<f32>().ok());
        match (
            row.get(0),
            row.get(1),
            rating.filter(|rating| rating.is_finite()),
        ) {
            (Some(reader), Some(book), Some(rating)) if !reader.is_empty() && !book.is_empty() => {
                ratings.push((readers.of(reader), books.of(book), rating));
            }
            _ if is_first => {}
            _ => {
                let found: String = row.iter().collect::<Vec<_>>().join(",");
                return Err(EvaluationError::Row {
                    line: row.position().map_or(0, csv::Position::line),
                    found: found.chars().take(80).collect(),
                });
            }
        }
    }
    Ok(Ratings {
        readers: readers.count(),
        books: books.count(),
        ratings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Ratings, EvaluationError> {
        read(text.as_bytes(), |_| {})
    }

    #[test]
    fn a_header_may_be_there_and_more_columns_too() {
        for text in [
            "1,9,4\n2,9,5\n",
            "user,item,rating\n1,9,4\n2,9,5",
            "u,i,r,at\n1,9,4,7\n2, 9 ,5.0,8\n",
        ] {
            let found = parsed(text).unwrap();
            assert_eq!((found.readers, found.books), (2, 1), "{text}");
            assert_eq!(found.ratings, [(0, 0, 4.0), (1, 0, 5.0)]);
        }
        assert_eq!(parsed("").unwrap().ratings.len(), 0);
    }

    #[test]
    fn a_row_that_is_no_rating_is_named() {
        for text in [
            "1,9,4\n2,9,good\n",
            "a,b,c\n1,2\n",
            "1,9,4\n,9,4\n",
            "1,9,4\n1,9,NaN\n",
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(
                error.starts_with("line 2: expected user,item,rating"),
                "{error}"
            );
        }
    }
}
