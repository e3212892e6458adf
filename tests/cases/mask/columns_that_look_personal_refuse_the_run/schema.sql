CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50), mobile VARCHAR(20), mobile_type INT, remark VARCHAR(80), card VARCHAR(30), ref VARCHAR(30));
INSERT INTO users VALUES (1, 'x', '1', 1, 'write to jane@real.example please', '4111 1111 1111 1111', '4111 1111 1111 1112');
