//! Types of ours that live in a text column: written by `as_str`, read back by `FromStr`.

/// A text column holds what this version of the program does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{found}` is not a {expected}")]
pub struct UnknownName {
    expected: &'static str,
    found: String,
}

impl UnknownName {
    /// Says that `found` is no name of an `expected`.
    pub fn new(expected: &'static str, found: &str) -> Self {
        Self {
            expected,
            found: found.chars().take(40).collect(),
        }
    }
}

/// Implements Diesel's conversions to and from `text` for a type with `as_str` and `FromStr`; a function cannot implement traits.
#[macro_export]
macro_rules! text_column {
    ($name:ident) => {
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
            }
        }
    };
}

/// Declares an enumeration that the database keeps as text and clients see as it is; a function cannot declare types.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $visible:vis $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            async_graphql::Enum, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        $(#[$meta])*
        $visible enum $name { $($(#[$variant_meta])* #[serde(rename = $text)] #[graphql(name = $text)] $variant),+ }

        impl $name {
            /// Every variant, in order.
            $visible const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as it is stored and as clients see it.
            $visible fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::stored::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let known = Self::ALL.iter().find(|known| known.as_str() == text);
                known
                    .copied()
                    .ok_or_else(|| $crate::stored::UnknownName::new(stringify!($name), text))
            }
        }

        $crate::text_column!($name);
    };
}
