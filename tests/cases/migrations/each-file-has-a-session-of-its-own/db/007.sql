LOCK TABLES users WRITE; UPDATE users SET email = 'b@x' WHERE id = 1;
