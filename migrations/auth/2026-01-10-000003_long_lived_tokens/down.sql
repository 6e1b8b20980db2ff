DROP TABLE partner_tokens;
DROP TABLE partner_clients;
DROP TABLE partners;
DROP TABLE personal_access_tokens;
