CREATE TABLE a (id INT PRIMARY KEY, iban VARCHAR(34), state VARCHAR(10), CHECK (id > 0), CONSTRAINT `known_states` CHECK (state IN ('new', 'old')), CONSTRAINT iban_length CHECK (LENGTH(iban) > 10));
INSERT INTO a VALUES (1, 'DE89370400440532013000', 'new'), (2, NULL, 'old');
