//! What all that people write has in common: its kind and its state.

use coko_core::text_enum;

text_enum! {
    /// What can be reported and moderated.
    pub(crate) ContentKind {
        /// A post; the opening post stands for its topic.
        Post = "POST",
        /// A review.
        Review = "REVIEW",
    }
}

text_enum! {
    /// Who may read what someone wrote.
    pub(crate) ContentStatus {
        /// Everyone whom nothing keeps from it.
        Published = "PUBLISHED",
        /// Its author and moderators, until they have looked at the reports.
        Hidden = "HIDDEN",
        /// Its author and moderators, who removed it.
        Removed = "REMOVED",
        /// Nobody: its author deleted it, and its text is gone.
        Deleted = "DELETED",
    }
}
