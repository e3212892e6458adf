SELECT HEX(bin) REGEXP '^.{12}4.{3}A' FROM masked_a WHERE id = 1
