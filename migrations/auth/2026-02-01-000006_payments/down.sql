DROP TABLE user_plans;
DELETE FROM role_rights WHERE resource = 'payments';
