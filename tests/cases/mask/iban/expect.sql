SELECT iban REGEXP '^DE[0-9]{2}( [0-9]{4}){4} [0-9]{2}$' FROM masked_a WHERE id = 1
SELECT iban REGEXP '^GB[0-9]{2}TEST[0-9]{14}$' FROM masked_a WHERE id = 2
SELECT CHAR_LENGTH(iban) = 15 FROM masked_a WHERE id = 5
SELECT CHAR_LENGTH(iban) = 31 FROM masked_a WHERE id = 6
