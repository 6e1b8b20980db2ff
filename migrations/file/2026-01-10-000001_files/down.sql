DROP TABLE transfers;
DROP TABLE downloads;
DROP TABLE grants;
DROP TABLE purges;
DROP TABLE jobs;
DROP TABLE upload_parts;
DROP TABLE files;
