SELECT COUNT(*) = 0 FROM masked_a WHERE body LIKE '%real%' OR body LIKE '%4444%' OR body REGEXP '[0-9]{4}' OR body LIKE '%cmVh%' OR short LIKE '%@%'
SELECT body = 'mail *** or ***, call *** or ***, IBAN ***, card ***.' AND short = '***' FROM masked_a WHERE id = 1
SELECT body = '*** and ***, born ***, order 123' FROM masked_a WHERE id = 2
SELECT short = 'plain' FROM masked_a WHERE id = 5
