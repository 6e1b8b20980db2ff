DROP TABLE invoices, invoice_series;
DROP FUNCTION invoices_append_only;
