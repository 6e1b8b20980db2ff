//! Which passwords are accepted: long rather than ornate (NIST SP 800-63B), not the obvious ones.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// Least characters.
pub(crate) const MIN: usize = 10;
/// Most characters: enough for any passphrase, little enough that hashing stays cheap to refuse.
pub(crate) const MAX: usize = 128;

/// Passwords of ten characters and more that head every list of breached ones, and roots that people decorate.
static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/common-passwords.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
});

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordFault {
    /// Fewer than ten characters.
    #[error("the password is shorter than {MIN} characters")]
    TooShort,
    /// More than 128 characters.
    #[error("the password is longer than {MAX} characters")]
    TooLong,
    /// It is the owner's address or name.
    #[error("the password is the owner's address or name")]
    Personal,
    /// It is, or decorates, one of the passwords that attackers try first.
    #[error("the password is a common one")]
    Common,
    /// A few characters or a sequence, repeated.
    #[error("the password is a pattern")]
    Pattern,
}

/// The form that is checked and hashed: NFKC, so that the same keys give the same password on every device.
pub(crate) fn prepare(password: &str) -> String {
    password.nfkc().collect()
}

/// Checks a prepared password against the rules; `personal` holds the owner's address and name.
///
/// # Errors
/// [`PasswordFault`] says which rule it breaks.
pub(crate) fn check(password: &str, personal: &[&str]) -> Result<(), PasswordFault> {
    let length = password.chars().count();
    if length < MIN {
        return Err(PasswordFault::TooShort);
    }
    if length > MAX {
        return Err(PasswordFault::TooLong);
    }
    let folded = password.to_lowercase();
    if personal.iter().any(|text| is_personal(&folded, text)) {
        return Err(PasswordFault::Personal);
    }
    if is_common(&folded) {
        return Err(PasswordFault::Common);
    }
    if is_pattern(&folded) {
        return Err(PasswordFault::Pattern);
    }
    Ok(())
}

/// The whole address or name, or either with nothing but digits and punctuation around it.
fn is_personal(folded: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    let bare = |text: &str| {
        text.chars()
            .filter(|c| c.is_alphabetic())
            .collect::<String>()
    };
    let local = text.split('@').next().unwrap_or_default();
    [text.as_str(), local]
        .into_iter()
        .map(bare)
        .any(|name| name.chars().count() >= 4 && bare(folded) == name)
}

/// On the list as typed, without its decoration, or either with the usual substitutions undone.
fn is_common(folded: &str) -> bool {
    let undecorated = folded.trim_matches(|c: char| !c.is_alphabetic());
    let tail_removed = folded.trim_end_matches(|c: char| !c.is_alphabetic());
    [
        folded.to_owned(),
        undecorated.to_owned(),
        substituted(folded),
        substituted(tail_removed),
    ]
    .iter()
    .any(|candidate| COMMON.contains(candidate.as_str()))
}

/// The word that `p@ssw0rd` stands for.
fn substituted(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            c => c,
        })
        .collect()
}

/// Fewer than five different characters, one run of neighbours (`abcdefghij`, `9876543210`), or a short piece repeated.
fn is_pattern(folded: &str) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    let distinct: HashSet<char> = chars.iter().copied().collect();
    if distinct.len() < 5 {
        return true;
    }
    let steps: HashSet<i64> = chars
        .windows(2)
        .map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])))
        .collect();
    if steps.len() == 1 {
        return true;
    }
    (1..=chars.len() / 2).any(|period| {
        period <= 5
            && chars
                .iter()
                .enumerate()
                .all(|(index, c)| *c == chars[index % period])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict(password: &str) -> Result<(), PasswordFault> {
        check(&prepare(password), &["awa.ndiaye@example.sn", "Awa Ndiaye"])
    }

    #[test]
    fn the_obvious_is_refused() {
        use PasswordFault::{Common, Pattern, Personal, TooLong, TooShort};
        for (password, fault) in [
            ("", TooShort),
            ("courte", TooShort),
            ("neufcarac", TooShort),
            (&*"a1b2c3d4e5".repeat(13), TooLong),
            ("awa.ndiaye@example.sn", Personal),
            ("AwaNdiaye2024!", Personal),
            ("Awa Ndiaye", Personal),
            ("password123", Common),
            ("Password2024!", Common),
            ("P@ssw0rd2024", Common),
            ("motdepasse123", Common),
            ("azertyuiop", Common),
            ("qwertyuiop", Common),
            ("1234567890", Common),
            ("aaaaaaaaaaaa", Pattern),
            ("abababababab", Pattern),
            ("klmnopqrstuv", Pattern),
            ("chatschatschats", Pattern),
        ] {
            assert_eq!(verdict(password), Err(fault), "{password}");
        }
    }

    #[test]
    fn long_and_unobvious_is_accepted() {
        for password in [
            "quatre baobabs au clair",
            "zK8#vQ2!mP",
            "le fleuve Sénégal",
            "книга-читать-вечером",
            "日本語の長いパスワード",
        ] {
            assert_eq!(verdict(password), Ok(()), "{password}");
        }
        assert_eq!(prepare("e\u{301}te\u{301}"), prepare("\u{e9}t\u{e9}"));
    }

    proptest! {
        /// No input makes the check fail to answer, and lengths decide before anything else.
        #[test]
        fn length_is_judged_first(password in "\\PC{0,200}") {
            let length = password.chars().count();
            let verdict = check(&password, &[]);
            prop_assert_eq!(length < MIN, verdict == Err(PasswordFault::TooShort));
            prop_assert_eq!(length > MAX, verdict == Err(PasswordFault::TooLong));
        }
    }
}
