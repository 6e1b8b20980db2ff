//! Words of titles and descriptions, in French, English and whatever else is written in letters.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Shorter words say little.
const SHORTEST: usize = 3;
/// Longer ones are no words.
const LONGEST: usize = 40;

/// Words that are in every text, without accents, in order.
const COMMON: &[&str] = &[
    "about", "after", "ainsi", "all", "alors", "and", "are", "au", "aussi", "autre", "autres",
    "aux", "avec", "avoir", "been", "before", "between", "book", "but", "can", "ces", "cet",
    "cette", "ceux", "chaque", "comme", "dans", "depuis", "des", "deux", "dont", "elle", "elles",
    "encore", "entre", "est", "ete", "etre", "for", "from", "had", "has", "have", "her", "hers",
    "him", "his", "how", "ils", "into", "its", "jamais", "les", "leur", "leurs", "livre", "lui",
    "mais", "meme", "mes", "moins", "mon", "more", "most", "nos", "not", "notre", "nous", "one",
    "only", "ont", "other", "our", "out", "over", "par", "pas", "plus", "pour", "quand", "que",
    "qui", "roman", "sans", "ses", "she", "son", "sont", "sous", "sur", "tandis", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "through", "tous", "tout",
    "toute", "toutes", "tres", "two", "une", "vers", "very", "vos", "votre", "vous", "was", "were",
    "what", "when", "where", "which", "who", "will", "with", "you", "your",
];

/// The words of a text that say what it is about: small letters without accents, plural endings taken off.
pub fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // An apostrophe ends a word: French articles are dropped as too short.
    for raw in text.split(|letter: char| !letter.is_alphanumeric() && !is_combining_mark(letter)) {
        let folded: String = raw
            .nfkd()
            .filter(|letter| !is_combining_mark(*letter))
            .flat_map(char::to_lowercase)
            .collect();
        let folded = folded.replace('œ', "oe").replace('æ', "ae");
        let length = folded.chars().count();
        if !(SHORTEST..=LONGEST).contains(&length) || COMMON.binary_search(&folded.as_str()).is_ok()
        {
            continue;
        }
        found.push(singular(folded, length));
    }
    found
}

fn singular(mut word: String, length: usize) -> String {
    if length > 4 && (word.ends_with('s') || word.ends_with('x')) && !word.ends_with("ss") {
        word.pop();
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_alike_however_they_are_written() {
        assert_eq!(
            words("L'Enfant noir : les cœurs déchirés, où la forêt… Forêts!"),
            ["enfant", "noir", "coeur", "dechire", "foret", "foret"]
        );
        assert_eq!(words("e\u{301}cole"), words("École"));
        assert_eq!(words("THE Great Gatsby"), ["great", "gatsby"]);
        assert!(words(&"x".repeat(1000)).is_empty());
        assert!(words("").is_empty());
    }

    #[test]
    fn common_words_are_in_order_and_folded() {
        assert!(COMMON.is_sorted());
        assert!(
            COMMON
                .iter()
                .all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()))
        );
    }
}
