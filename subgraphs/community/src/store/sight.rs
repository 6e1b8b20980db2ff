//! What `model::sight` decides by: barriers, positions, memberships.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::{ClubRole, Sight};
use crate::tables::{club_members, positions};

#[derive(QueryableByName)]
struct Person {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// What `viewer` sees, as far as these authors, books and clubs are concerned.
pub(crate) async fn load(
    connection: &mut Connection,
    viewer: Uuid,
    authors: &[Uuid],
    books: &[Uuid],
    clubs: &[Uuid],
) -> QueryResult<Sight> {
    let mut sight = Sight {
        viewer: Some(viewer),
        ..Sight::default()
    };
    if !authors.is_empty() {
        let silent: Vec<Person> = diesel::sql_query(
            "SELECT other_id AS id FROM barriers WHERE user_id = $1 AND other_id = ANY($2)
             UNION SELECT user_id FROM barriers WHERE other_id = $1 AND user_id = ANY($2) AND kind = 'BLOCK'",
        )
        .bind::<SqlUuid, _>(viewer)
        .bind::<Array<SqlUuid>, _>(authors)
        .load(connection)
        .await?;
        sight.silent = silent.into_iter().map(|person| person.id).collect();
    }
    if !books.is_empty() {
        let furthest: Vec<(Uuid, f64)> = positions::table
            .filter(positions::user_id.eq(viewer))
            .filter(positions::book_id.eq_any(books))
            .select((positions::book_id, positions::furthest))
            .load(connection)
            .await?;
        sight.furthest = furthest.into_iter().collect();
    }
    if !clubs.is_empty() {
        let belongs: Vec<Uuid> = club_members::table
            .filter(club_members::user_id.eq(viewer))
            .filter(club_members::club_id.eq_any(clubs))
            .filter(club_members::role.ne(ClubRole::Applicant))
            .select(club_members::club_id)
            .load(connection)
            .await?;
        sight.clubs = belongs.into_iter().collect();
    }
    Ok(sight)
}
