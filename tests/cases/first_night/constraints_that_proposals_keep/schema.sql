CREATE TABLE member (
  id INT PRIMARY KEY,
  created DATE NOT NULL,
  ssn CHAR(11) CHECK (ssn REGEXP '^[0-9]{3}-[0-9]{2}-[0-9]{4}$'),
  phone VARCHAR(20) CHECK (CHAR_LENGTH(phone) BETWEEN 13 AND 15 AND phone LIKE '+%'),
  gender VARCHAR(6) CHECK (gender IN ('female', 'male', 'x')),
  zip VARCHAR(10) CHECK (zip REGEXP '^[A-Z]{2} [0-9]{4}$'),
  login VARCHAR(20) CHECK (login = UPPER(login) COLLATE utf8mb4_bin),
  email VARCHAR(80) CHECK (email LIKE '%@%.%'),
  salary INT CHECK (salary >= 1000),
  last_name VARCHAR(40) CHECK (CHAR_LENGTH(last_name) > 1),
  passport_no VARCHAR(12) UNIQUE CHECK (passport_no REGEXP '^[A-Z][0-9]{9}$'),
  left_on DATE,
  CHECK (left_on IS NULL OR left_on >= created)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO member SELECT seq, '2026-01-01' + INTERVAL seq HOUR, CONCAT('867-53-', LPAD(seq, 4, '0')), CONCAT('+49 30 ', 8675309 + seq), ELT(1 + seq % 3, 'female', 'male', 'x'),
  CONCAT('QZ ', 1000 + seq), CONCAT('QZXQ', seq), CONCAT('qzx', seq, '@real.example'), 1000 + seq, CONCAT('Qzxname', seq), CONCAT('Q', 867530900 + seq), NULL FROM seq_1_to_300;
