DROP TABLE notices, ledger_entries, journals, wallets, refunds, attempts, orders, subscriptions, plans, entitlements, books;
DROP FUNCTION ledger_entry_balanced(), journal_has_entries(), ledger_append_only();
