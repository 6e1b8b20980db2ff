DROP INDEX attempts_settled;
