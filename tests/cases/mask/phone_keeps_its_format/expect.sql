SELECT phone REGEXP '^[+]1 [(][0-9]{3}[)] [0-9]{3}-[0-9]{4}$' AND copy REGEXP '^[+]1[0-9]{10}$' FROM masked_a WHERE id = 1
SELECT phone REGEXP '^[0-9]{3}/[0-9]{6}$' FROM masked_a WHERE id = 2
SELECT phone REGEXP '^[+]353 [0-9] [0-9]{3} [0-9]{4} [0-9]{3}[.] [0-9]{2,4}$' FROM masked_a WHERE id = 5
SELECT phone REGEXP '^[+]49 [0-9]{2} [0-9]{7}$' AND copy REGEXP '^[0-9]{4} [0-9] [0-9]{2}$' FROM masked_a WHERE id = 6
