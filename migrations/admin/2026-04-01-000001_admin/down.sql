DROP TABLE notes, reconciliations, discrepancies, comparisons, settings, reported_contents, orders, readings, spendings, people,
    book_days, actives, metrics;
DROP FUNCTION admin_make_partition, admin_drop_actives;
