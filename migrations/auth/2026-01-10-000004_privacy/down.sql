DROP TABLE followers;
DROP TABLE data_exports;
DROP TABLE consents;
