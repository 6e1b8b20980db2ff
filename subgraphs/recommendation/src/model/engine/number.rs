//! Counts and indices as the numbers that models compute with.

/// A count as a number to compute with.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond sixteen million may be rounded"
)]
pub fn float(count: usize) -> f32 {
    count as f32
}

/// The index of a row or column; there are less than four billion.
pub fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// Divides `values` by the largest, so that the largest is 1; leaves them when none is above zero.
pub fn scale(values: &mut [f32]) {
    let largest = values.iter().copied().fold(0.0, f32::max);
    if largest > 0.0 {
        for value in values {
            *value /= largest;
        }
    }
}

/// The sum of products.
pub fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// The indices of the `count` highest of `scores` above zero, the highest first, of equal ones the lower index first.
pub fn top(scores: &[f32], count: usize) -> Vec<u32> {
    let mut chosen: Vec<u32> = (0..scores.len())
        .filter(|position| scores[*position] > 0.0)
        .map(index)
        .collect();
    let descending = |a: &u32, b: &u32| {
        let (one, other) = (scores[*a as usize], scores[*b as usize]);
        other.total_cmp(&one).then(a.cmp(b))
    };
    if chosen.len() > count {
        if count == 0 {
            return Vec::new();
        }
        chosen.select_nth_unstable_by(count - 1, descending);
        chosen.truncate(count);
    }
    chosen.sort_unstable_by(descending);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_come_first_and_what_is_not_above_zero_never() {
        let scores = [0.5, -1.0, 0.9, 0.5, 0.0, 0.1];
        assert_eq!(top(&scores, 3), [2, 0, 3]);
        assert_eq!(top(&scores, 10), [2, 0, 3, 5]);
        assert!(top(&scores, 0).is_empty());
        assert!(top(&[], 4).is_empty());
    }
}
