//! The recommender itself: pure functions of what is known, deterministic under a seed, in any number of threads.
//!
//! Books and readers are numbered here. Two collaborative models (item-item cosine and implicit ALS) and a content model
//! score books for what a reader took to; the blend of them is diversified and explained.

pub mod als;
pub mod collaborative;
pub mod content;
pub mod cosine;
pub mod diversity;
pub mod evaluation;
pub mod matrix;
pub mod number;
pub mod parallel;
pub mod random;
pub mod recommender;
pub mod shelf;
pub mod synthetic;
pub mod text;
