//! Types of a domain's own in text and JSON columns: enumerations by their names, values by serde.

/// A text column holds what this version of the program does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{found}` is not a {expected}")]
pub struct UnknownName {
    expected: &'static str,
    found: String,
}

impl UnknownName {
    /// `found` where a name of the type `expected` was to be.
    pub fn new(expected: &'static str, found: &str) -> Self {
        Self {
            expected,
            found: found.chars().take(40).collect(),
        }
    }
}

/// Implements Diesel's conversions to and from `text` by `as_str` and `FromStr`; a function cannot implement traits.
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
    ($(#[$meta:meta])* $vis:vis $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            async_graphql::Enum, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        $(#[$meta])*
        $vis enum $name { $($(#[$variant_meta])* #[serde(rename = $text)] #[graphql(name = $text)] $variant),+ }

        impl $name {
            /// Every variant, in order.
            $vis const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as it is stored and as clients see it.
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::stored::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::stored::UnknownName::new(stringify!($name), text)),
                }
            }
        }

        $crate::text_column!($name);
    };
}

/// Implements Diesel's conversions to and from `jsonb` by serde, for a type that derives `AsExpression` and `FromSqlRow`; a
/// function cannot implement traits.
#[macro_export]
macro_rules! json_column {
    ($name:ident) => {
        impl diesel::serialize::ToSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                // PostgreSQL's binary format of `jsonb` begins with its version.
                std::io::Write::write_all(out, &[1])?;
                serde_json::to_writer(out, self)?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let (_, json) = value
                    .as_bytes()
                    .split_first()
                    .ok_or("the column is empty")?;
                Ok(serde_json::from_slice(json)?)
            }
        }
    };
}
