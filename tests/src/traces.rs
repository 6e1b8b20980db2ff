//! Where in a stack something was written down: every column of every table of every database, and every file.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl as _;

use crate::stack::{SUBGRAPHS, Stack};

/// A place that holds a word that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// `auth.users.email` for a column, `files/…` for a file below the stack's folder.
    pub place: String,
    /// The word.
    pub word: String,
}

/// Every table with rows of its own or of its partitions, by its quoted name.
const TABLES: &str = "SELECT format('%I.%I', n.nspname, c.relname) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 1";

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    content: String,
}

impl Stack {
    /// Every place that holds one of `words` (lower case, of letters, digits and hyphens), in whatever case and also as the bytes of a
    /// binary column.
    ///
    /// # Errors
    /// When a database does not answer, or a file cannot be read.
    pub async fn traces(&self, words: &[String]) -> Result<Vec<Trace>> {
        let mut found = Vec::new();
        for domain in SUBGRAPHS {
            self.traces_in(domain, words, &mut found).await?;
        }
        let root = self.folder();
        traces_below(root, root, words, &mut found)?;
        found.sort();
        found.dedup();
        Ok(found)
    }

    async fn traces_in(
        &self,
        domain: &str,
        words: &[String],
        found: &mut Vec<Trace>,
    ) -> Result<()> {
        let pool = self.pool(domain)?;
        let mut connection = pool.get().await?;
        let tables: Vec<Line> = diesel::sql_query(TABLES).load(&mut connection).await?;
        let forms: Vec<String> = words
            .iter()
            .flat_map(|word| [word.clone(), hex::encode(word)])
            .collect();
        for table in tables {
            // A row as JSON has each of its columns as text, whatever their types.
            let sql = format!(
                "SELECT e.key AS name, lower(e.value) AS content
                 FROM {} AS t CROSS JOIN LATERAL jsonb_each_text(to_jsonb(t)) AS e WHERE lower(e.value) ~ $1",
                table.line
            );
            let columns: Vec<Column> = diesel::sql_query(sql)
                .bind::<Text, _>(forms.join("|"))
                .load(&mut connection)
                .await
                .with_context(|| format!("{domain}: {} cannot be searched", table.line))?;
            let table = table.line.trim_start_matches("public.");
            for column in columns {
                let place = format!("{domain}.{table}.{}", column.name);
                let holds = |word: &&String| {
                    column.content.contains(*word) || column.content.contains(&hex::encode(word))
                };
                found.extend(words.iter().filter(holds).map(|word| Trace {
                    place: place.clone(),
                    word: word.clone(),
                }));
            }
        }
        Ok(())
    }
}

/// The files below `folder` that hold one of `words`, by their paths from `root`.
fn traces_below(
    root: &Path,
    folder: &Path,
    words: &[String],
    found: &mut Vec<Trace>,
) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            traces_below(root, &path, words, found)?;
            continue;
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // Servers remove files of theirs while they are looked at.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(error).with_context(|| path.display().to_string());
            }
        };
        let place = path.strip_prefix(root).unwrap_or(&path);
        found.extend(words_in(&bytes, words).map(|word| Trace {
            place: place.display().to_string(),
            word: word.clone(),
        }));
    }
    Ok(())
}

/// Which of `words` some bytes hold, in whatever case.
pub fn words_in<'a>(bytes: &[u8], words: &'a [String]) -> impl Iterator<Item = &'a String> {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    words
        .iter()
        .filter(move |word| text.contains(word.as_str()))
}
