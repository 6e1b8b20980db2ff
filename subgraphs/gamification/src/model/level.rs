//! Levels, whose thresholds are data.

use diesel::prelude::*;

use crate::tables::levels;

/// A level.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = levels)]
pub(crate) struct Level {
    pub(crate) number: i32,
    /// The points at which it begins.
    pub(crate) points: i64,
    pub(crate) name_fr: String,
    pub(crate) name_en: String,
}

/// The levels above `level` that `points` reach, the lowest first. `levels` go upwards.
pub(crate) fn reached(levels: &[Level], level: i32, points: i64) -> &[Level] {
    let begin = levels.partition_point(|other| other.number <= level);
    let above = levels.get(begin..).unwrap_or_default();
    let count = above.partition_point(|other| other.points <= points);
    above.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_on_the_way_is_reached() {
        let levels = [0, 50, 150].map(|points| Level {
            number: i32::try_from(points).unwrap() / 50 + 1,
            points,
            name_fr: String::new(),
            name_en: String::new(),
        });
        let numbers = |level, points| -> Vec<i32> {
            reached(&levels, level, points)
                .iter()
                .map(|level| level.number)
                .collect()
        };
        assert!(numbers(1, 49).is_empty());
        assert_eq!(numbers(1, 50), [2]);
        assert_eq!(numbers(1, 1000), [2, 4]);
        assert!(numbers(4, 1000).is_empty());
    }
}
