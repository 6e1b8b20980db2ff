//! Lists that do not say the same thing twice: maximal marginal relevance (Carbonell and Goldstein, 1998).

use super::number::float;

/// Orders `candidates` (with their scores, 0 to 1) anew and keeps the first `count`: each is the one with the best balance of its own
/// score and of its likeness, by `alike` (0 to 1), to those already taken. With `relevance` 1 only scores count, with 0 only
/// difference.
pub fn diversified<T: Copy>(
    candidates: &[(T, f32)],
    count: usize,
    relevance: f32,
    alike: impl Fn(T, T) -> f32,
) -> Vec<(T, f32)> {
    // The likeness of each that is left to the nearest that is taken.
    let mut left: Vec<(T, f32, f32)> = candidates
        .iter()
        .map(|(item, score)| (*item, *score, 0.0))
        .collect();
    let mut taken: Vec<(T, f32)> = Vec::with_capacity(count.min(left.len()));
    while taken.len() < count {
        let worth =
            |(_, score, nearest): &(T, f32, f32)| relevance * score - (1.0 - relevance) * nearest;
        let mut best: Option<(usize, f32)> = None;
        for (position, candidate) in left.iter().enumerate() {
            let value = worth(candidate);
            // The first of equal ones, which keeps the order that was given.
            if best.is_none_or(|(_, highest)| value > highest) {
                best = Some((position, value));
            }
        }
        let Some((position, _)) = best else { break };
        let (item, score, _) = left.remove(position);
        for (other, _, nearest) in &mut left {
            *nearest = nearest.max(alike(item, *other));
        }
        taken.push((item, score));
    }
    taken
}

/// How different the items of a list are from each other: 1 less the mean likeness of two.
pub fn difference<T: Copy>(items: &[T], alike: impl Fn(T, T) -> f32) -> f32 {
    let mut sum = 0.0;
    let mut pairs = 0;
    for (position, one) in items.iter().enumerate() {
        for other in &items[position + 1..] {
            sum += alike(*one, *other);
            pairs += 1;
        }
    }
    if pairs == 0 {
        1.0
    } else {
        1.0 - sum / float(pairs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Items of the same ten are alike.
    fn alike(one: u32, other: u32) -> f32 {
        if one / 10 == other / 10 { 1.0 } else { 0.0 }
    }

    #[test]
    fn the_second_is_not_the_first_once_more() {
        let candidates = [(1, 1.0), (2, 0.95), (11, 0.7), (12, 0.6), (21, 0.2)];
        let items = |relevance| -> Vec<u32> {
            let list = diversified(&candidates, 3, relevance, alike);
            list.into_iter().map(|(item, _)| item).collect()
        };
        assert_eq!(items(1.0), [1, 2, 11]);
        assert_eq!(items(0.5), [1, 11, 21]);
        assert!(diversified::<u32>(&[], 5, 0.5, alike).is_empty());
    }

    proptest! {
        #[test]
        fn a_list_is_made_of_its_candidates_and_is_no_less_diverse(
            scores in proptest::collection::vec(0.0..1_f32, 1..40), count in 1_usize..12,
        ) {
            let mut candidates: Vec<(u32, f32)> = scores.iter().enumerate()
                .map(|(position, score)| (super::super::number::index(position), *score)).collect();
            candidates.sort_by(|a, b| b.1.total_cmp(&a.1));
            let list = diversified(&candidates, count, 0.5, alike);
            prop_assert_eq!(list.len(), count.min(candidates.len()));
            let mut items: Vec<u32> = list.iter().map(|(item, _)| *item).collect();
            prop_assert_eq!(list[0].0, candidates[0].0);
            let plain: Vec<u32> = candidates.iter().take(count).map(|(item, _)| *item).collect();
            prop_assert!(difference(&items, alike) >= difference(&plain, alike) - 1e-6);
            items.sort_unstable();
            items.dedup();
            prop_assert_eq!(items.len(), list.len());
        }
    }
}
