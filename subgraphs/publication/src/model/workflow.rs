//! The way of a manuscript to readers: states, the steps between them, and who takes each.

coko_core::text_enum! {
    /// Where a manuscript is on its way to readers.
    pub(crate) ManuscriptStatus {
        /// Being written.
        Draft = "DRAFT",
        /// Waits for a reviewer.
        Submitted = "SUBMITTED",
        /// A reviewer reads it.
        InReview = "IN_REVIEW",
        /// A reviewer wants something changed.
        ChangesRequested = "CHANGES_REQUESTED",
        /// May be published.
        Approved = "APPROVED",
        /// Will be published at a moment that is set.
        Scheduled = "SCHEDULED",
        /// Readers find it.
        Published = "PUBLISHED",
        /// Readers no longer find it; those who have it keep it.
        Withdrawn = "WITHDRAWN",
    }
}

/// Who takes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A member of the organisation who works on manuscripts.
    Member,
    /// A reviewer of the platform.
    Reviewer,
    /// Such a member, or the platform's staff.
    MemberOrStaff,
    /// The platform's clock.
    Clock,
}

/// A step from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Submit,
    Recall,
    StartReview,
    RequestChanges,
    Approve,
    Schedule,
    Unschedule,
    Publish,
    Withdraw,
    Reopen,
}

/// Short for what stands in every line below.
type Status = ManuscriptStatus;

impl Step {
    /// Every step, in the order of the way.
    pub(crate) const ALL: [Self; 10] = [
        Self::Submit,
        Self::Recall,
        Self::StartReview,
        Self::RequestChanges,
        Self::Approve,
        Self::Schedule,
        Self::Unschedule,
        Self::Publish,
        Self::Withdraw,
        Self::Reopen,
    ];

    /// The states in which it can be taken.
    pub(crate) fn origins(self) -> &'static [Status] {
        match self {
            Self::Submit => &[Status::Draft, Status::ChangesRequested],
            Self::Recall | Self::StartReview => &[Status::Submitted],
            Self::RequestChanges | Self::Approve => &[Status::InReview],
            Self::Schedule => &[Status::Approved],
            Self::Unschedule | Self::Publish => &[Status::Scheduled],
            Self::Withdraw => &[Status::Published],
            Self::Reopen => &[Status::Withdrawn],
        }
    }

    /// The state to which it leads.
    pub(crate) fn target(self) -> Status {
        match self {
            Self::Submit => Status::Submitted,
            Self::Recall | Self::Reopen => Status::Draft,
            Self::StartReview => Status::InReview,
            Self::RequestChanges => Status::ChangesRequested,
            Self::Approve | Self::Unschedule => Status::Approved,
            Self::Schedule => Status::Scheduled,
            Self::Publish => Status::Published,
            Self::Withdraw => Status::Withdrawn,
        }
    }

    /// Who takes it.
    pub(crate) fn actor(self) -> Actor {
        match self {
            Self::Submit | Self::Recall | Self::Schedule | Self::Unschedule | Self::Reopen => {
                Actor::Member
            }
            Self::StartReview | Self::RequestChanges | Self::Approve => Actor::Reviewer,
            Self::Withdraw => Actor::MemberOrStaff,
            Self::Publish => Actor::Clock,
        }
    }

    /// Whether it has to be said why.
    pub(crate) fn needs_comment(self) -> bool {
        self == Self::RequestChanges
    }
}

impl Status {
    /// The states that may come next, whoever brings them about.
    pub(crate) fn allowed(self) -> Vec<Self> {
        let mut next: Vec<Self> = Vec::new();
        for step in Step::ALL {
            if step.origins().contains(&self) && !next.contains(&step.target()) {
                next.push(step.target());
            }
        }
        next
    }

    /// Whether what it says of itself, and its text, may change.
    pub(crate) fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::ChangesRequested)
    }

    /// Whether reviewers may see it: what was never submitted is its authors' alone.
    pub(crate) fn is_reviewable(self) -> bool {
        self != Self::Draft
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_the_one_that_was_agreed() {
        for (from, expected) in [
            (Status::Draft, &[Status::Submitted][..]),
            (Status::Submitted, &[Status::Draft, Status::InReview]),
            (
                Status::InReview,
                &[Status::ChangesRequested, Status::Approved],
            ),
            (Status::ChangesRequested, &[Status::Submitted]),
            (Status::Approved, &[Status::Scheduled]),
            (Status::Scheduled, &[Status::Approved, Status::Published]),
            (Status::Published, &[Status::Withdrawn]),
            (Status::Withdrawn, &[Status::Draft]),
        ] {
            assert_eq!(from.allowed(), expected, "{from:?}");
        }
    }

    #[test]
    fn nothing_reaches_readers_without_a_reviewer() {
        // Walking back from the shelf, every way comes by a reviewer's approval.
        let mut open = vec![Status::Published];
        let mut seen = Vec::new();
        while let Some(state) = open.pop() {
            if seen.contains(&state) {
                continue;
            }
            seen.push(state);
            for step in Step::ALL {
                if step.target() == state && step.actor() != Actor::Reviewer {
                    open.extend(step.origins());
                }
            }
        }
        assert!(!seen.contains(&Status::Draft) && !seen.contains(&Status::Submitted));
    }
}
