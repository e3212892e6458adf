SELECT card = '************1111' AND iban = 'DE89xxxxxxxxxxxxxx3000' AND latin = 'M*****' AND tail = '****abc' FROM masked_a WHERE id = 1
SELECT card = '*******' AND iban = 'x' AND latin = 'Z**' AND CHAR_LENGTH(tail) = 9 FROM masked_a WHERE id = 2
