DROP TABLE user_roles;
DROP TABLE users;
DROP TABLE role_rights;
DROP TABLE roles;
