DROP TABLE payouts, statement_runs, statement_lines, statements, reading_times, reading_shares, reading_months, reading_marks,
    ledger_entries, journals, balances, accruals, sales, readers, contract_parties, contracts, manuscript_notes, manuscript_files,
    manuscript_versions, manuscripts, members, organizations;
DROP FUNCTION contract_shares_whole, ledger_entry_balanced, journal_has_entries, ledger_append_only, statements_append_only;
