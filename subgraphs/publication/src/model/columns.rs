//! Lists that are kept as JSON columns.

use coko_core::events::file::{FileFinding, ImageVariant};
use coko_core::json_column;
use coko_core::money::Money;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use serde::{Deserialize, Serialize};

/// Texts in their order: names of authors, slugs of categories, countries.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub(crate) struct Texts(pub(crate) Vec<String>);
json_column!(Texts);

/// At most one price per currency.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub(crate) struct Prices(pub(crate) Vec<Money>);
json_column!(Prices);

/// What the structural validation of a book found, the gravest first.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub(crate) struct Findings(pub(crate) Vec<FileFinding>);
json_column!(Findings);

/// Public sizes of a picture, the smallest first.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub(crate) struct Images(pub(crate) Vec<ImageVariant>);
json_column!(Images);
