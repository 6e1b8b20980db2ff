//! How far back what is read now reaches.

use coko_core::text_enum;
use time::Duration;

text_enum! {
    /// How far back what is trending reaches; what is newer counts more.
    #[graphql(name = "TrendingWindow")]
    pub(crate) Window {
        /// The last day.
        Day = "DAY",
        /// The last seven days.
        Week = "WEEK",
        /// The last thirty days.
        Month = "MONTH",
    }
}

impl Window {
    /// How long it is.
    pub(crate) fn length(self) -> Duration {
        Duration::days(match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        })
    }

    /// After how long something counts half.
    pub(crate) fn half_life(self) -> Duration {
        self.length() / 3_i32
    }
}
