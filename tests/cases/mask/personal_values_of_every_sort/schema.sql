CREATE TABLE a (id INT PRIMARY KEY, c_four VARCHAR(45), c_six VARCHAR(45), c_who VARCHAR(60), c_short VARCHAR(14), c_mixed VARCHAR(80), c_hex CHAR(64), c_crypt VARCHAR(80), c_base TEXT, c_bytes VARBINARY(200), c_konto VARCHAR(34), c_php TEXT, c_paid TEXT, c_json JSON);
INSERT INTO a VALUES
  (1, '203.0.113.7', '2001:4860:4860::8888', 'Jane Roe', 'Roe Maria', 'Zx81QpLm92kTr04sWv7Y', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', '$2y$10$abcdefghijklmnopqrstuuJ7j9oN0T8m1ZkqjvH5c3n1x2y3z4a5b', 'amFuZUByZWFsLmV4YW1wbGUgaGVsbG8=', 'mail jane@real.example', 'DE89 3704 0044 0532 0130 00', 'a:1:{s:5:"email";s:17:"jane@real.example";}', 'paid with 4111-1111-1111-1111 today', '{"k": {"who": ["jane@real.example"]}}'),
  (2, '198.51.100.9', 'fe80::1', 'José Müller', 'Doe John', 'aB3dE5fG7hI9jK1lM3nO', 'cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b34', '$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub', 'nothing here', NULL, 'GB82WEST12345698765432', 'b:1;', 'cash', '{}'),
  (3, '192.0.2.1', NULL, 'Maria da Silva', 'Poe Anna', NULL, NULL, NULL, NULL, '', NULL, 'N;', NULL, NULL),
  (4, NULL, NULL, 'ACME Ltd', 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
ALTER TABLE a ADD c_web VARCHAR(120);
UPDATE a SET c_web = CASE id WHEN 1 THEN '$P$BaB1.cD2/eF3.gH4/iJ5.kL6/mN7.oP' WHEN 2 THEN 'pbkdf2_sha256$600000$c29tZXNhbHQ$RdescudvJCsgt3ubRdescudvJCsgt3ub=' WHEN 3 THEN ':pbkdf2:sha512:30000:64:aB1cD2==:eF3gH4iJ5==' ELSE '$wp$2y$10$aB1.cD2/eF3.gH4/iJ5.kL6' END;
