//! Timers in the database: rows that are due are put off before they are worked on, so that a worker that dies loses none.

/// Defines `lease_due` for a table with a timer and a count of tries; a function cannot name Diesel's columns.
macro_rules! lease_due {
    ($table:ident, $due:ident, $tries:ident, $model:ty) => {
        /// Puts rows that are due off until `again`, counts a try, and returns them: another process that looks meanwhile does not
        /// see them.
        pub(crate) async fn lease_due(
            connection: &mut coko_core::database::Connection,
            now: time::OffsetDateTime,
            again: time::OffsetDateTime,
            limit: i64,
        ) -> QueryResult<Vec<$model>> {
            let due: Vec<uuid::Uuid> = $table::table
                .filter($table::$due.le(now))
                .order($table::$due)
                .limit(limit)
                .for_update()
                .skip_locked()
                .select($table::id)
                .load(connection)
                .await?;
            diesel::update($table::table.filter($table::id.eq_any(due)))
                .filter($table::$due.le(now))
                .set((
                    $table::$due.eq(again),
                    $table::$tries.eq($table::$tries + 1),
                ))
                .returning(<$model>::as_returning())
                .get_results(connection)
                .await
        }
    };
}
pub(super) use lease_due;
