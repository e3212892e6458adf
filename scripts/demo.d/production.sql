-- A realistic insurance "production": no foreign keys, only id columns. All people are made up; every value that
-- must not leave production carries the marker qzx, so that a leak can be searched for.
--
-- @scale multiplies the rows (1: about 200,000). Portable to MySQL 8+ and MariaDB; rows are a pure function of @scale
-- and today's date.
SET @scale = IFNULL(@scale, 1);
SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO';
CREATE DATABASE IF NOT EXISTS app;
ALTER DATABASE app CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
USE app;

CREATE TABLE _numbers (n INT UNSIGNED PRIMARY KEY);
CREATE TABLE _digits (d INT UNSIGNED PRIMARY KEY);
INSERT INTO _digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
INSERT INTO _numbers
  SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d + 1000000 * g.d AS n
  FROM _digits g JOIN _digits f JOIN _digits e JOIN _digits d JOIN _digits c JOIN _digits b JOIN _digits a
  WHERE g.d * 1000000 + f.d * 100000 < 50000 * @scale AND g.d * 1000000 + f.d * 100000 + e.d * 10000 + d.d * 1000 < 50000 * @scale
  ORDER BY n;

CREATE TABLE states (
  code CHAR(2) NOT NULL PRIMARY KEY,
  name VARCHAR(40) NOT NULL
) COMMENT 'lookup';
INSERT INTO states VALUES ('AL','Alabama'),('AZ','Arizona'),('CA','California'),('CO','Colorado'),('FL','Florida'),
  ('GA','Georgia'),('IL','Illinois'),('MA','Massachusetts'),('MI','Michigan'),('NC','North Carolina'),('NJ','New Jersey'),
  ('NY','New York'),('OH','Ohio'),('PA','Pennsylvania'),('TN','Tennessee'),('TX','Texas'),('VA','Virginia'),('WA','Washington');

CREATE TABLE products (
  product_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code VARCHAR(20) NOT NULL,
  title VARCHAR(80) NOT NULL,
  base_rate DECIMAL(10,4) NOT NULL,
  risk_weight FLOAT NOT NULL,
  active BIT(1) NOT NULL DEFAULT b'1',
  UNIQUE KEY products_code (code)
) COMMENT 'lookup';
INSERT INTO products (code, title, base_rate, risk_weight, active) VALUES
  ('GL', 'General liability', 410.2500, 1.1, b'1'), ('PL', 'Professional liability', 820.5000, 1.7, b'1'),
  ('WC', 'Workers compensation', 1200.1250, 2.3, b'1'), ('BOP', 'Business owners', 640.0000, 1.3, b'1'),
  ('CY', 'Cyber', 300.7500, 16777216, b'1'), ('CA', 'Commercial auto', 990.0000, 2.9, b'1'),
  ('UMB', 'Umbrella', 205.5000, 0.3333333, b'1'), ('EO', 'Errors & omissions', 455.0000, 1.45, b'0');

CREATE TABLE retail_brokers (
  broker_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(120) NOT NULL,
  contact_email VARCHAR(190) NOT NULL,
  contact_phone VARCHAR(40) NULL,
  state CHAR(2) NOT NULL,
  created_at DATETIME NOT NULL,
  KEY brokers_state (state)
);
INSERT INTO retail_brokers
  SELECT n + 1, CONCAT('Qzx Brokerage ', n + 1), CONCAT('office', n + 1, '@qzx-broker', n % 97, '.example'),
    CONCAT('+1 555 qzx ', LPAD(n, 4, '0')), ELT(1 + CRC32(CONCAT('bs', n)) % 6, 'CA', 'TX', 'NY', 'FL', 'OH', 'WA'),
    NOW() - INTERVAL CRC32(CONCAT('bd', n)) % 3000 DAY
  FROM _numbers WHERE n < 120 * @scale;

CREATE TABLE producers (
  producer_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  broker_id INT UNSIGNED NOT NULL,
  first_name VARCHAR(60) NOT NULL,
  last_name VARCHAR(60) NOT NULL,
  email VARCHAR(190) NOT NULL,
  licence_no VARCHAR(20) NULL,
  manager_id INT UNSIGNED NULL COMMENT 'another producer',
  UNIQUE KEY producers_email (email),
  KEY producers_broker (broker_id)
);
INSERT INTO producers
  SELECT n + 1, 1 + CRC32(CONCAT('pb', n)) % (120 * @scale), CONCAT('Qzx', ELT(1 + n % 7, 'Ana', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gus')),
    CONCAT('Qzxmann', n % 211), CONCAT('qzx.producer', n + 1, '@agency.example'), CONCAT('L-', LPAD(CRC32(CONCAT('pl', n)) % 10000000, 7, '0')),
    IF(n % 9 = 0, NULL, 1 + CRC32(CONCAT('pm', n)) % (n + 1))
  FROM _numbers WHERE n < 900 * @scale;

CREATE TABLE users (
  user_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  username VARCHAR(80) NOT NULL,
  email VARCHAR(190) NOT NULL,
  password VARCHAR(100) NOT NULL,
  reset_token VARCHAR(64) NULL,
  role ENUM('underwriter','clerk','admin') NOT NULL,
  last_ip VARCHAR(45) NULL,
  UNIQUE KEY users_username (username),
  UNIQUE KEY users_email (email)
);
INSERT INTO users
  SELECT n, CONCAT('qzxuser', n), CONCAT('qzxuser', n, '@insurer.example'), CONCAT('$2y$10$qzx', LEFT(SHA2(n, 256), 50)),
    IF(n % 5 = 0, CONCAT('qzx', LEFT(SHA2(CONCAT('t', n), 256), 40)), NULL), 1 + CRC32(n) % 3, '192.0.2.7'
  FROM _numbers WHERE n < 150 * @scale;

CREATE TABLE insureds (
  insured_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  company VARCHAR(120) NOT NULL,
  first_name VARCHAR(60) NOT NULL,
  last_name VARCHAR(60) NOT NULL,
  email VARCHAR(190) NOT NULL,
  phone VARCHAR(40) NULL,
  tax_id VARCHAR(20) NULL,
  birth_date DATE NULL,
  state CHAR(2) NOT NULL,
  KEY insureds_email (email)
);
INSERT INTO insureds
  SELECT n + 1, CONCAT('Qzx ', ELT(1 + n % 5, 'Bakery', 'Garage', 'Clinic', 'Studio', 'Farm'), ' ', n + 1), CONCAT('Qzx', ELT(1 + n % 6, 'José', 'Mia', 'Øyvind', 'Li', 'Zoë', 'Abe')),
    CONCAT('Qzxberg', n % 997), CONCAT('qzx', n + 1, '@customer', n % 13, '.example'), IF(n % 4 = 0, NULL, CONCAT('555-qzx-', LPAD(n % 10000, 4, '0'))),
    CONCAT('qzx-', LPAD(CRC32(CONCAT('tx', n)) % 10000000, 7, '0')), DATE('1950-01-01') + INTERVAL CRC32(CONCAT('bd', n)) % 18000 DAY,
    ELT(1 + CRC32(CONCAT('is', n)) % 6, 'CA', 'TX', 'NY', 'FL', 'OH', 'WA')
  FROM _numbers WHERE n < 9000 * @scale;

CREATE TABLE applications (
  app_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  insured_id INT UNSIGNED NOT NULL,
  producer_id INT UNSIGNED NOT NULL,
  product_id INT UNSIGNED NOT NULL,
  user_id INT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0: nobody yet',
  kind ENUM('new','renewal','endorsement') NOT NULL,
  status VARCHAR(20) NOT NULL,
  renewal_of INT UNSIGNED NULL COMMENT 'the application that this one renews',
  answers JSON NULL,
  premium DECIMAL(12,2) NULL,
  created_at DATETIME NOT NULL,
  updated_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  year_of SMALLINT GENERATED ALWAYS AS (YEAR(created_at)) STORED,
  KEY applications_created (created_at),
  KEY applications_producer (producer_id)
);
-- About 40 a day at scale 1, the newest today; 500 days back there are about 10,000.
INSERT INTO applications (app_id, insured_id, producer_id, product_id, user_id, kind, status, renewal_of, answers, premium, created_at, updated_at)
  SELECT n + 1, 1 + CRC32(CONCAT('ai', n)) % (9000 * @scale), 1 + CRC32(CONCAT('ap', n)) % (900 * @scale), 1 + CRC32(CONCAT('aq', n)) % 8,
    CRC32(CONCAT('au', n)) % (150 * @scale), IF(n > 5000 * @scale AND n % 4 = 0, 'renewal', IF(n % 41 = 0, 'endorsement', 'new')),
    ELT(1 + CRC32(CONCAT('as', n)) % 5, 'draft', 'rated', 'bound', 'declined', 'issued'),
    IF(n > 5000 * @scale AND n % 4 = 0, n + 1 - 5000 * @scale, NULL),
    JSON_OBJECT('employees', n % 80, 'contact', CONCAT('qzx', n + 1, '@customer', n % 13, '.example'), 'years', n % 30),
    ROUND(300 + CRC32(CONCAT('am', n)) % 900000 / 100, 2), NOW() - INTERVAL (20000 * @scale - n) DIV @scale * 105 MINUTE,
    NOW(3) - INTERVAL (20000 * @scale - n) DIV @scale * 105 MINUTE
  FROM _numbers WHERE n < 20000 * @scale;

CREATE TABLE ratings (
  rating_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  app_id INT UNSIGNED NOT NULL,
  carrier VARCHAR(40) NOT NULL,
  score FLOAT NOT NULL,
  premium DOUBLE NOT NULL,
  KEY ratings_app (app_id)
);
INSERT INTO ratings
  SELECT n + 1, 1 + n % (20000 * @scale), ELT(1 + n % 5, 'Northwind', 'Harbor', 'Pinnacle', 'Union', 'Evergreen'),
    CRC32(CONCAT('rs', n)) / 16777216.0, 100 + CRC32(CONCAT('rp', n)) / 1000.0
  FROM _numbers WHERE n < 40000 * @scale;

CREATE TABLE rating_factors (
  rating_id BIGINT UNSIGNED NOT NULL,
  factor VARCHAR(24) NOT NULL,
  weight DECIMAL(6,4) NOT NULL,
  PRIMARY KEY (rating_id, factor)
);
INSERT INTO rating_factors
  SELECT n + 1, ELT(1 + n % 3, 'class', 'territory', 'history'), CRC32(CONCAT('rf', n)) % 50000 / 10000 FROM _numbers WHERE n < 30000 * @scale;

CREATE TABLE documents (
  document_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  owner_type VARCHAR(16) NOT NULL COMMENT 'application or producer',
  owner_id INT UNSIGNED NOT NULL,
  title VARCHAR(120) NOT NULL,
  created_at DATETIME NOT NULL,
  KEY documents_owner (owner_type, owner_id)
);
INSERT INTO documents
  SELECT n + 1, IF(n % 12 = 0, 'producer', 'application'), IF(n % 12 = 0, 1 + n % (900 * @scale), 1 + n % (20000 * @scale)),
    ELT(1 + n % 4, 'Quote', 'Binder', 'Policy form', 'Loss run'), NOW() - INTERVAL n % 900 DAY
  FROM _numbers WHERE n < 22000 * @scale;

CREATE TABLE document_files (
  document_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  path VARCHAR(255) NOT NULL,
  content MEDIUMBLOB NULL
) COMMENT 'files that do not exist in development';
INSERT INTO document_files SELECT n + 1, CONCAT('/vault/qzx/', n + 1, '.pdf'), UNHEX(SHA2(n, 512)) FROM _numbers WHERE n < 8000 * @scale;

CREATE TABLE signatures (
  signature_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  document_id BIGINT UNSIGNED NOT NULL,
  signer_name VARCHAR(120) NOT NULL,
  signed_at DATETIME NOT NULL,
  KEY signatures_document (document_id)
);
INSERT INTO signatures
  SELECT n + 1, 1 + n * 7919 % (22000 * @scale), CONCAT('Qzx Signer ', n % 777), NOW() - INTERVAL n % 900 DAY FROM _numbers WHERE n < 9000 * @scale;

CREATE TABLE notes (
  note_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  app_id INT UNSIGNED NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  body TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  KEY notes_app (app_id)
);
INSERT INTO notes
  SELECT n + 1, 1 + n * 7 % (20000 * @scale), n % (150 * @scale), CONCAT('Called Qzxberg at 555-qzx about "terms" \\ mail qzx', n, '@customer.example', CHAR(10 USING utf8mb4), '— ok 👍'),
    NOW() - INTERVAL n % 700 DAY
  FROM _numbers WHERE n < 16000 * @scale;

CREATE TABLE policies (
  policy_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  policy_no VARCHAR(24) NOT NULL,
  app_id INT UNSIGNED NOT NULL,
  previous_policy_id INT UNSIGNED NULL,
  effective DATE NOT NULL,
  UNIQUE KEY policies_no (policy_no),
  KEY policies_app (app_id)
);
INSERT INTO policies
  SELECT n + 1, CONCAT('P', LPAD(n, 9, '0')), 1 + n * 7919 % (20000 * @scale), IF(n % 6 = 0 AND n > 100, n - 99, NULL), CURRENT_DATE - INTERVAL n % 1400 DAY
  FROM _numbers WHERE n < 6000 * @scale;

CREATE TABLE claims (
  claim_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  policy_id INT UNSIGNED NOT NULL,
  claimant VARCHAR(120) NOT NULL,
  amount DECIMAL(14,2) NOT NULL,
  location POINT NULL,
  KEY claims_policy (policy_id)
);
INSERT INTO claims
  SELECT n + 1, 1 + n * 7919 % (6000 * @scale), CONCAT('Qzx Claimant ', n), CRC32(CONCAT('ca', n)) % 9000000 / 100, ST_GeomFromText(CONCAT('POINT(', n % 90, ' ', n % 45, ')'))
  FROM _numbers WHERE n < 1500 * @scale;

CREATE TABLE invoices (
  region CHAR(2) NOT NULL,
  invoice_no INT UNSIGNED NOT NULL,
  policy_id INT UNSIGNED NOT NULL,
  total DECIMAL(12,2) NOT NULL,
  PRIMARY KEY (region, invoice_no)
);
INSERT INTO invoices SELECT IF(n % 2, 'EA', 'WE'), n, 1 + n % (6000 * @scale), n % 1000 + 0.5 FROM _numbers WHERE n < 7000 * @scale;

CREATE TABLE invoice_lines (
  region CHAR(2) NOT NULL,
  invoice_no INT UNSIGNED NOT NULL,
  line_no TINYINT UNSIGNED NOT NULL,
  text VARCHAR(80) NOT NULL,
  amount DECIMAL(12,2) NOT NULL,
  PRIMARY KEY (region, invoice_no, line_no)
);
INSERT INTO invoice_lines
  SELECT IF(n DIV 2 % 2, 'EA', 'WE'), n DIV 2, n % 2, IF(n % 2, 'tax', 'premium'), n % 1000 / 4 FROM _numbers WHERE n < 14000 * @scale;

CREATE TABLE chat_messages (
  message_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  app_id INT UNSIGNED NOT NULL,
  sender VARCHAR(80) NOT NULL,
  body TEXT NOT NULL
);
INSERT INTO chat_messages SELECT n + 1, 1 + n % (20000 * @scale), CONCAT('qzxuser', n % 150), CONCAT('hello from Qzxberg ', n) FROM _numbers WHERE n < 15000 * @scale;

CREATE TABLE audit_log (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at DATETIME(6) NOT NULL,
  actor VARCHAR(80) NOT NULL,
  detail JSON NULL
);
INSERT INTO audit_log SELECT n + 1, NOW(6), CONCAT('qzxuser', n % 150), JSON_OBJECT('ip', '192.0.2.7', 'n', n) FROM _numbers WHERE n < 25000 * @scale;

CREATE TABLE application_history LIKE applications;
INSERT INTO application_history (app_id, insured_id, producer_id, product_id, kind, status, created_at)
  SELECT app_id, insured_id, producer_id, product_id, kind, 'draft', created_at FROM applications WHERE app_id % 2 = 0;

CREATE TABLE login_sessions (
  token CHAR(64) NOT NULL PRIMARY KEY,
  user_id INT UNSIGNED NOT NULL
);
INSERT INTO login_sessions SELECT SHA2(CONCAT('qzx', n), 256), n FROM _numbers WHERE n < 150 * @scale;

CREATE TABLE schema_migrations (
  name VARCHAR(190) NOT NULL PRIMARY KEY,
  applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO schema_migrations (name) VALUES ('V001__base.sql');

DROP TABLE _numbers, _digits;
CREATE VIEW bound_applications AS
  SELECT a.app_id, a.premium, p.title FROM applications a JOIN products p USING (product_id) WHERE a.status = 'bound';
CREATE TRIGGER policies_number BEFORE INSERT ON policies FOR EACH ROW
  SET NEW.policy_no = IF(NEW.policy_no = '', CONCAT('P', LPAD(NEW.policy_id, 9, '0')), NEW.policy_no);
