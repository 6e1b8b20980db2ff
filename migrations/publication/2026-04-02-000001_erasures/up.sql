-- By which it is found what goes with whoever leaves, and that nothing refers to a manuscript that is discarded.
CREATE INDEX manuscript_versions_by_creator ON manuscript_versions (created_by);
CREATE INDEX sales_by_manuscript ON sales (manuscript_id);
CREATE INDEX accruals_by_manuscript ON accruals (manuscript_id);
CREATE INDEX reading_times_by_manuscript ON reading_times (manuscript_id);
