SELECT phone REGEXP '^555-[0-9]{3}-[0-9]{4}$' AND short REGEXP '^555[0-9]{7}$' AND num DIV 10000000 = 555 FROM masked_a
SELECT ssn REGEXP '^[0-9]{3}-[0-9]{2}-[0-9]{4}$' AND ssn <> '123-45-6789' FROM masked_a
SELECT plate REGEXP '^[A-Z]-[A-Z]{2} [0-9]{3}$' FROM masked_a
SELECT u REGEXP '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$' FROM masked_a
SELECT long_one REGEXP '^[0-9]{30} [A-Z]{10}$' FROM masked_a
